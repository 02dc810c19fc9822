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

from raceline.domain.errors import LimitExceeded
from raceline.graphql.context import Limits

# A text of more characters is not kept; what a client asks again and again is shorter.
LONGEST_KEPT = 20_000
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


class Documents(SchemaExtension):
    """Takes documents that were seen before from memory; one store for all requests of a schema."""

    def __init__(self, limits: Limits, kept: "OrderedDict[str, tuple[DocumentNode, list[GraphQLError]]]") -> None:
        self.limits = limits
        self.kept = kept

    def on_operation(self) -> Iterator[None]:
        """Let the parser stop at the limit."""
        self.execution_context.parse_options["max_tokens"] = self.limits.tokens
        yield

    def on_parse(self) -> Iterator[None]:
        """Hand over the document, if it is known; a text that cannot be parsed is left to strawberry to report."""
        if (known := self.kept.get(self.execution_context.query or "")) is not None:
            self.execution_context.graphql_document = known[0]
        yield

    def on_validate(self) -> Iterator[None]:
        """Hand over what is wrong with the document: found before, or now."""
        context = self.execution_context
        text, document = context.query or "", context.graphql_document
        assert document is not None, "validation follows parsing"  # noqa: S101
        if text in self.kept:
            self.kept.move_to_end(text)
            errors = self.kept[text][1]
        else:
            errors = refuse(document, self.limits) or validate_document(
                context.schema._schema,
                document,
                context.validation_rules,
            )
            if len(text) <= LONGEST_KEPT:
                self.kept[text] = (document, errors)
                if len(self.kept) > self.limits.documents:
                    self.kept.popitem(last=False)
        context.pre_execution_errors = list(errors)
        yield
