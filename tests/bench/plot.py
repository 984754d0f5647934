"""The goals as bars: how far each figure is from its limit."""

from xml.sax.saxutils import escape

ROW, LEFT, SCALE = 22, 300, 300  # pixels: a bar's row, the texts beside them, and the limit's place


def svg(goals):
    height = ROW * (len(goals) + 2)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + 2 * SCALE}" height="{height}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="100%" height="100%" fill="white"/>',
             f'<text x="{LEFT + SCALE}" y="14" text-anchor="middle">limit</text>']
    for number, goal in enumerate(goals):
        share = goal["limit"] / goal["value"] if goal["at_least"] else goal["value"] / goal["limit"]
        top = ROW * (number + 1)
        colour = "#2a7" if goal["met"] else "#c33"
        lines += [f'<text x="{LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(goal["goal"])}</text>',
                  f'<rect x="{LEFT}" y="{top + 3}" width="{min(share, 1.9) * SCALE:.0f}" height="14" fill="{colour}"/>',
                  f'<text x="{LEFT + min(share, 1.9) * SCALE + 4:.0f}" y="{top + 14}">{goal["value"]:.2f}</text>']
    lines += [f'<line x1="{LEFT + SCALE}" y1="18" x2="{LEFT + SCALE}" y2="{height - ROW}" stroke="black"/>', "</svg>"]
    return "\n".join(lines) + "\n"
