"""The site of the generated sample: its pages with types and titles, and its links, of which nobody takes some."""

from collections.abc import Iterator

from raceline.domain.site import PageTable, SitePage

SEARCH = "search"
ARTICLES = (
    "install-guide", "first-steps", "licence-keys", "user-accounts", "network-settings",
    "backups", "upgrade-steps", "release-notes", "error-codes", "known-problems",
)  # fmt: skip
REFERENCES = ("command-list", "port-list", "file-formats", "compatibility", "limits", "glossary")
SOLUTIONS = tuple(f"solution-{n:02d}" for n in range(1, 13))
COMPARISON = "/products/compare"
WEB = ("/", "/products", "/products/sample-router", COMPARISON, "/pricing", "/documentation", "/contact")
CONTENT = ("sample-white-paper", "sample-demo-video", "sample-case-study")
_UNVISITED = {"form": ("feedback-form",), "video": ("video-course",), "archive": ("old-manual",)}
_MENU = tuple(page for page in WEB if page != COMPARISON)

# The page that people turn round at as often as at a reference, and much more often than at other articles.
UNEXPECTED = "error-codes"
# How often somebody who comes to a page goes straight back to where they came from.
TURNS = {
    **dict.fromkeys(ARTICLES, 0.2),
    **dict.fromkeys(REFERENCES, 0.55),
    UNEXPECTED: 0.55,
}


def leads_to(page: str) -> tuple[str, ...]:
    """The articles and references that a page of the support site has links to, and that people follow."""
    if page == SEARCH:
        return ARTICLES + REFERENCES
    if page in ARTICLES:
        n = ARTICLES.index(page)
        return (ARTICLES[n - 1], ARTICLES[(n + 1) % len(ARTICLES)], *_references(n))
    return tuple(article for n, article in enumerate(ARTICLES) if page in _references(n))


def solutions(page: str) -> tuple[str, ...]:
    """The solutions that a page has links to."""
    if page in ARTICLES:
        n = ARTICLES.index(page)
        return SOLUTIONS[n : n + 3]
    return SOLUTIONS


def page_table() -> PageTable:
    """The page table of the sample."""
    types = {
        "search": (SEARCH,), "article": ARTICLES, "reference": REFERENCES, "solution": SOLUTIONS, "web": WEB,
        "content": CONTENT, **_UNVISITED,
    }  # fmt: skip
    pages = {
        page: SitePage(page_type, f"Sample {page_type}: {_spoken(page)}")
        for page_type, names in types.items()
        for page in names
    }
    return PageTable(pages, tuple(dict.fromkeys((source, target) for source, target in _links() if source != target)))


def _links() -> Iterator[tuple[str, str]]:
    for page in (SEARCH, *ARTICLES, *REFERENCES):
        others = (*leads_to(page), *solutions(page), SEARCH)
        yield from ((page, other) for other in others)
    # From here on nobody takes one, but for those of the web site.
    yield from ((article, "feedback-form") for article in ARTICLES)
    yield from ((reference, "old-manual") for reference in REFERENCES)
    yield from ((solution, "feedback-form") for solution in SOLUTIONS)
    yield SEARCH, "video-course"
    yield from ((page, other) for page in WEB for other in _MENU)
    # Only one page leads to the comparison, and visitors come to it from everywhere.
    yield "/products", COMPARISON


def _references(n: int) -> tuple[str, str]:
    """Those of the n-th article; each reference belongs to some three articles."""
    return REFERENCES[n % len(REFERENCES)], REFERENCES[(n + 2) % len(REFERENCES)]


def _spoken(page: str) -> str:
    return page.removeprefix("sample-").strip("/").replace("/", ", ").replace("-", " ") or "home"
