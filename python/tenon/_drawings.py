"""What notebooks show: modules as trees, graphs of compiled functions as drawings."""

import html
import re
from dataclasses import dataclass, field

_NODE = re.compile(r'^  (\w+) \[label="(.*?)"(, shape=ellipse)?\];$')
_EDGE = re.compile(r'^  (\w+) -> (\w+) \[(style=dashed, )?label="(.*)"\];$')
_CHARACTER, _LINE, _GAP, _LAYER = 7.2, 16, 24, 44  # in pixels: a text's width and height, distances


class Svg(str):
    """A drawing as text, which notebooks show as the drawing."""

    def _repr_svg_(self):
        return str(self)


@dataclass
class _Node:
    lines: list
    is_value: bool = False
    before: list = field(default_factory=list)
    layer: int = 0
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self):
        return max(map(len, self.lines)) * _CHARACTER + 20

    @property
    def height(self):
        return len(self.lines) * _LINE + 12


def _read(dot):
    """The nodes by name, and the edges, of a graph's own dot text. A value that a step writes is a
    node of its own, apart from the same value before: so edges lead downwards only."""
    nodes, edges = {}, []
    for line in dot.split("\n"):
        if found := _NODE.match(line):
            nodes[found[1]] = _Node(found[2].split("\\n"), bool(found[3]))
        elif found := _EDGE.match(line):
            source, target, is_written, label = found.groups()
            if is_written:
                written = nodes[target]
                target += " written"
                nodes[target] = _Node(written.lines, True)
            edges.append((source, target, label))
            nodes[target].before.append(nodes[source])
    return nodes, edges


def _place(nodes):
    """Gives nodes their places: each a layer below all that it takes, in a layer by where those
    are. Returns width and height of the whole."""
    layers = []
    for node in nodes:  # in dot texts, steps stand behind those that they take from
        node.layer = max((before.layer + 1 for before in node.before), default=0)
        while len(layers) <= node.layer:
            layers.append([])
        layers[node.layer].append(node)
    y = _GAP
    for layer in layers:
        x = _GAP
        layer.sort(key=lambda node: sum(before.x for before in node.before) /
                   max(len(node.before), 1))
        for node in layer:
            node.x, node.y = x + node.width / 2, y
            x += node.width + _GAP
        y += max(node.height for node in layer) + _LAYER
    widths = [layer[-1].x + layer[-1].width / 2 + _GAP for layer in layers]
    width = max(widths, default=2 * _GAP)
    for layer, own in zip(layers, widths):
        for node in layer:
            node.x += (width - own) / 2
    return width, y - _LAYER + _GAP if layers else 2 * _GAP


def _node_text(node):
    top, left = node.y, node.x - node.width / 2
    radius, fill = (node.height / 2, "#e8f0fe") if node.is_value else (4, "#ffffff")
    lines = "".join(
        f'<text x="{node.x:.1f}" y="{top + 6 + _LINE * (i + 0.75):.1f}">{html.escape(line)}</text>'
        for i, line in enumerate(node.lines))
    return (f'<g class="{"value" if node.is_value else "step"}"><rect x="{left:.1f}" y="{top:.1f}" '
            f'width="{node.width:.1f}" height="{node.height}" rx="{radius}" '
            f'fill="{fill}"/>{lines}</g>')


def _edge_text(source, target, label):
    x, y, end_x, end_y = source.x, source.y + source.height, target.x, target.y
    bend = (end_y - y) / 2
    return (f'<path d="M{x:.1f} {y:.1f} C{x:.1f} {y + bend:.1f} {end_x:.1f} {end_y - bend:.1f} '
            f'{end_x:.1f} {end_y:.1f}"><title>{html.escape(label)}</title></path>')


def svg_of_graphs(dots):
    """Graphs, given as dot texts, one below the other: values round, steps with corners; an edge
    under the mouse tells what flows along it."""
    parts, width, height = [], 2.0 * _GAP, 0.0
    for dot in dots:
        nodes, edges = _read(dot)
        own_width, own_height = _place(list(nodes.values()))
        drawn = [_edge_text(nodes[source], nodes[target], label) for source, target, label in edges]
        drawn += map(_node_text, nodes.values())
        parts.append(f'<g transform="translate(0 {height:.1f})">{"".join(drawn)}</g>')
        width, height = max(width, own_width), height + own_height
    return Svg(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
               f'viewBox="0 0 {width:.1f} {height:.1f}" font-family="monospace" font-size="12">'
               "<style>text{text-anchor:middle;fill:#202124}rect{stroke:#5f6368}"
               "path{fill:none;stroke:#9aa0a6;stroke-width:1.5}</style>"
               f'{"".join(parts)}</svg>')


def _numbers_in(module):
    count = sum(parameter.numel() for parameter in module.parameters())
    frozen = sum(parameter.numel() for parameter in module.parameters()
                 if not parameter.requires_grad)
    text = f"{count:,} parameter{'' if count == 1 else 's'}"
    return f"{text}, {frozen:,} of them frozen" if frozen else text


def _branch(module, name):
    extra = module.extra_repr()
    title = f"<b>{html.escape(module._get_name())}</b>"
    if extra:
        title += f"({html.escape(extra)})"
    if name:
        title = f"({html.escape(name)}) {title}"
    title += f' <span style="opacity:0.6">{_numbers_in(module)}</span>'
    children = "".join(_branch(child, child_name) for child_name, child in module._modules.items()
                       if child is not None)
    if not children:
        return f'<div style="padding-left:1.2em">{title}</div>'
    return (f'<details style="padding-left:1.2em"{"" if name else " open"}>'
            f"<summary>{title}</summary>{children}</details>")


def html_of_module(module):
    """A module as a tree that opens and closes, with how many parameters each part has."""
    return f'<div style="font-family:monospace">{_branch(module, "")}</div>'
