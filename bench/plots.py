"""One workload as a bar chart in SVG, readable on light and dark."""

from html import escape

from .report import OWN, number

_STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #1b1f23 }
.title { font-weight: 600 }
.own { fill: #17788a } .other { fill: #9aa1a6 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6e8ea } .own { fill: #3fb6cb } .other { fill: #6b7278 }
}
</style>"""
_BAR, _LEFT, _WIDTH = 24, 160, 380


def bars(row: dict) -> str:
    values = sorted(((figures["median"], peer) for peer, figures in row["peers"].items()),
                    reverse=True)
    top, height = values[0][0] or 1, 40 + _BAR * len(values)
    title = escape(f"{row['name']} ({row['unit']})")
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="{height}">', _STYLE,
             f'<text class="title" x="8" y="20">{title}</text>']
    for at, (value, peer) in enumerate(values):
        y, length = 36 + _BAR * at, _WIDTH * value / top
        colour = "own" if peer == OWN else "other"
        parts.append(f'<text x="8" y="{y + 13}">{escape(peer)}</text>'
                     f'<rect class="{colour}" x="{_LEFT}" y="{y}" width="{length:.1f}" '
                     'height="16"/>'
                     f'<text x="{_LEFT + 6 + length:.1f}" y="{y + 13}">{number(value)}</text>')
    return "\n".join(parts) + "\n</svg>\n"


def file_name(row: dict) -> str:
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in row["name"].lower()).split()
    return "-".join(words) + ".svg"
