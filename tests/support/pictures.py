"""What is written in a picture."""


def words(figure):
    """All that is written in a figure."""
    return {text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text"))}
