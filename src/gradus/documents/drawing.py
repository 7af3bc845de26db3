"""SVG drawn to PNG."""

from __future__ import annotations

from gradus.errors import WorkFailed

_LAST_OF_OWN_FONTS = 0x2100
"""Below it stand the letters and signs that the fonts which come with Typst have."""


def drawn(svg: str, width: float, name: str, ground: str = "none") -> bytes:
    """The picture as PNG.

    The system's fonts are looked at only for characters that Typst's own ones lack, so that a picture without such is
    the same everywhere.

    Args:
        width: of the PNG in pixels.
        name: what the picture is called in errors.
        ground: the colour behind it, as Typst writes it; ``none`` leaves it transparent.

    Raises:
        WorkFailed: the SVG cannot be drawn.

    >>> drawn('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 9, "nothing")[1:4]
    b'PNG'
    """
    import typst

    source = (
        f"#set page(width: {width}pt, height: auto, margin: 0pt, fill: {ground})\n"
        '#image(bytes(sys.inputs.svg), format: "svg", width: 100%)'
    )
    own_fonts = all(ord(character) < _LAST_OF_OWN_FONTS for character in svg)
    try:
        made = typst.compile(
            source.encode(), format="png", ppi=72, sys_inputs={"svg": svg}, ignore_system_fonts=own_fonts
        )
    except typst.TypstError as error:
        raise WorkFailed(f"{name}: its SVG cannot be drawn: {error}") from error
    if not isinstance(made, bytes):
        raise WorkFailed(f"{name}: its SVG gives more than one page")
    return made
