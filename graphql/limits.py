"""How large a document may be, and the documents that were parsed and checked before.

Parsing and validating costs milliseconds and depends on the text alone, so it is done once for each text.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document
from strawberry.types import ExecutionContext

from raceline.domain.errors import LimitExceeded
from raceline.graphql.context import Limits

# A text of more characters is not kept; what a client asks again and again is shorter.
LONGEST_KEPT = 20_000
# strawberry would run the first one.
NAMELESS = "This document has several operations; say by `operationName` which one is meant."
_INTROSPECTION = ("__schema", "__type")


@dataclass
class _Size:
    """Depth and aliases of a selection; a fragment is measured once, however often it is spread."""

    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[str, tuple[int, int]] = field(default_factory=dict)

    def of(self, selections: SelectionSetNode | None) -> tuple[int, int]:
        depth = aliases = 0
        for node in selections.selections if selections else ():
            deeper, more = self._of_node(node)
            depth, aliases = max(depth, deeper), aliases + more
        return depth, aliases

    def _of_node(self, node: object) -> tuple[int, int]:
        match node:
            case FieldNode():
                if node.name.value in _INTROSPECTION:  # graphql-core has a rule for the depth of these
                    return 1, 0
                depth, aliases = self.of(node.selection_set)
                return depth + 1, aliases + (node.alias is not None)
            case InlineFragmentNode():
                return self.of(node.selection_set)
            case FragmentSpreadNode():
                return self._of_fragment(node.name.value)
        return 0, 0

    def _of_fragment(self, name: str) -> tuple[int, int]:
        if name not in self.known:
            self.known[name] = (0, 0)  # a fragment that spreads itself is refused by validation
            if (fragment := self.fragments.get(name)) is not None:
                self.known[name] = self.of(fragment.selection_set)
        return self.known[name]


def refuse(document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """What is too large about a document: its depth, or its aliases counted as often as they are spread."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    size = _Size(fragments)
    errors = []
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            depth, aliases = size.of(node.selection_set)
            for name, found, allowed in (("depth", depth, limits.depth), ("aliases", aliases, limits.aliases)):
                if found > allowed:
                    error = LimitExceeded(limit=name, allowed=allowed, found=found)
                    errors.append(GraphQLError(str(error), node, original_error=error))
    return errors


class Documents:
    """The documents of one schema by their text, with what is wrong with each; the ones that were asked for last."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._known: OrderedDict[str, tuple[DocumentNode, list[GraphQLError]]] = OrderedDict()

    def parsed(self, text: str) -> DocumentNode | None:
        """The document of a text that was checked before."""
        known = self._known.get(text)
        return known[0] if known else None

    def errors(self, text: str, document: DocumentNode, context: ExecutionContext) -> list[GraphQLError]:
        """What is wrong with a document: its size, or else what the rules of GraphQL find."""
        if text in self._known:
            self._known.move_to_end(text)
            return self._known[text][1]
        found = refuse(document, self.limits) or validate_document(
            context.schema._schema, document, context.validation_rules
        )
        if len(text) <= LONGEST_KEPT:
            self._known[text] = document, found
            if len(self._known) > self.limits.documents:
                self._known.popitem(last=False)
        return found


class Checked(SchemaExtension):
    """Parses and validates by way of the documents that were seen before."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents

    def on_operation(self) -> Iterator[None]:
        """Let the parser stop at the limit."""
        self.execution_context.parse_options["max_tokens"] = self.documents.limits.tokens
        yield

    def on_parse(self) -> Iterator[None]:
        """Hand over the document, if it is known; a text that cannot be parsed is left to strawberry to report."""
        self.execution_context.graphql_document = self.documents.parsed(self.execution_context.query or "")
        yield

    def on_validate(self) -> Iterator[None]:
        """Hand over what is wrong with the document."""
        context = self.execution_context
        document = context.graphql_document
        assert document is not None, "validation follows parsing"  # noqa: S101
        errors = list(self.documents.errors(context.query or "", document, context))
        if context._provided_operation_name is None and _operations(document) > 1:
            errors.append(GraphQLError(NAMELESS))
        context.pre_execution_errors = errors
        yield


def _operations(document: DocumentNode) -> int:
    return sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
