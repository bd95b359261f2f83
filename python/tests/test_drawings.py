"""What notebooks show, parsed: modules as trees, graphs as drawings."""

from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
import tenon as torch
import tenon.nn as nn

SVG = "{http://www.w3.org/2000/svg}"


class Tree(HTMLParser):
    """The tags that are open around each text; an error where they don't match."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.depths = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        self.depths.append(self.open.count("details"))


class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
        self.inner[0].bias.requires_grad_(False)
        self.nothing = None
        self.scale = nn.Parameter(torch.ones(1))

    def extra_repr(self):
        return "mode=<fast> & 'loose'"


def test_modules_are_trees_with_counts():
    tree = Tree(Odd()._repr_html_())
    text = "".join(tree.texts)
    assert "(mode=<fast> & 'loose')" in text
    assert "17 parameters, 4 of them frozen" in text and "16 parameters, 4" in text
    assert "in_features=3, out_features=4" in text and "0 parameters" in text
    names = [(name, depth) for name, depth in zip(tree.texts, tree.depths)
             if name in ("Odd", "Sequential", "Linear", "ReLU")]
    assert names == [("Odd", 1), ("Sequential", 2), ("Linear", 2), ("ReLU", 2)]
    assert "1,001 parameters" in "".join(Tree(nn.Linear(1000, 1)._repr_html_()).texts)


def boxes(group):
    """The corners of each box, with its texts."""
    found = []
    for node in group.iter(f"{SVG}g"):
        rect = node.find(f"{SVG}rect")
        if rect is not None:
            x, y, width, height = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height,
                          [text.text for text in node.findall(f"{SVG}text")]))
    return found


def test_graphs_are_drawings():
    w = torch.ones(3, 3, requires_grad=True)

    @torch.compile
    def step(x):
        loss = (x @ w).exp().sum()
        loss.backward()
        return loss

    step(torch.ones(2, 3))
    drawing = step.explain_svg()
    assert isinstance(drawing, str) and drawing._repr_svg_() == drawing
    root = ElementTree.fromstring(drawing)
    width, height = float(root.get("width")), float(root.get("height"))
    places = boxes(root)
    steps = [text[0] for *_, text in places if len(text) == 1]
    assert steps.count("matmul") == 2 and any("exp" in name for name in steps)
    assert ["%0", "float32[2, 3]"] in [text for *_, text in places]
    for i, (left, top, right, bottom, _) in enumerate(places):
        assert 0 <= left and right <= width + 1 and 0 <= top and bottom <= height + 1
        for x, y, end_x, end_y, _ in places[:i]:
            assert end_x <= left or right <= x or end_y <= top or bottom <= y  # none overlap
    edges = list(root.iter(f"{SVG}path"))
    dot = step.graphs(drawn=True)[0]
    assert len(edges) == dot.count(" -> ")
    for edge in edges:
        _, y, *_, end_y = (float(number) for number in
                           edge.get("d").replace("M", "").replace("C", "").split())
        assert y < end_y and "float32" in edge.find(f"{SVG}title").text


def test_values_that_are_written_are_apart_from_what_was_read():
    x = torch.ones(2)

    @torch.compile
    def step():
        x.mul_(3).add_(1)

    step()
    root = ElementTree.fromstring(step.explain_svg())
    kinds = [group.get("class") for group in root.iter(f"{SVG}g") if group.get("class")]
    assert x.tolist() == [4, 4]
    assert kinds.count("step") == 1 and kinds.count("value") >= 2


def test_drawings_of_modules_and_of_nothing():
    model = torch.compile(nn.Linear(3, 2))
    assert boxes(ElementTree.fromstring(model.explain_svg())) == []
    model(torch.ones(1, 3))
    assert boxes(ElementTree.fromstring(model.explain_svg()))


@pytest.mark.parametrize("title", ["a<b", 'a"b', "a&b"])
def test_titles_are_escaped(title):
    from tenon._drawings import svg_of_graphs

    dot = f'digraph {{\n  x0 [label="%0\\nbool[]", shape=ellipse];\n  s0 [label="{title}"];\n' \
          f'  x0 -> s0 [label="%0: {title}"];\n}}\n'
    root = ElementTree.fromstring(svg_of_graphs([dot]))
    assert [text for *_, text in boxes(root)] == [["%0", "bool[]"], [title]]
    assert next(root.iter(f"{SVG}title")).text == f"%0: {title}"
