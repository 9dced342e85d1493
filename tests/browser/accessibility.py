"""Accessibility of the current page, as axe sees it."""

from axe_playwright_python.base import AXE_SCRIPT

# With `preload`, axe copies imported style sheets into the page, which its policy forbids.
OPTIONS = {"resultTypes": ["violations"], "preload": False, "selectors": False}

# Contrast takes most of the time of axe, so elements that look alike are measured once.
CONFIGURE = "axe.configure({rules: [{id: 'color-contrast', selector: ':not([data-alike])'}]})"

# The admin fades from one colour to another after a change of the colour scheme.
SETTLE = "() => Promise.allSettled(document.getAnimations().map(each => each.finished))"

# Elements look alike if they and their ancestors have the same classes, colours and sizes, as in
# the rows of a table. axe measures neither disabled elements nor single characters.
MARK = """() => {
    const numbers = new Map([[null, 0]]);  // of looks
    const looks = new Map();  // of elements, as numbers
    for (const element of document.querySelectorAll("*")) {
        const style = getComputedStyle(element);
        const texts = [...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE);
        const look = [
            looks.get(element.parentElement),
            element.tagName,
            element.getAttribute("class"),
            style.color,
            style.backgroundColor,
            style.backgroundImage,
            style.opacity,
            style.fontSize,
            style.fontWeight,
            element.checkVisibility(),
            element.matches(":disabled"),
            texts.map(node => node.data).join("").trim().length > 1,
        ].join("|");
        element.toggleAttribute("data-alike", numbers.has(look));
        if (!numbers.has(look)) numbers.set(look, numbers.size);
        looks.set(element, numbers.get(look));
    }
}"""

# axe measures the contrast of each line of a text. One colour is enough of the 5,000 of the schema.
RUN = """async ([part, options]) => {
    const shortened = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()); )
        if (node.data.length > 5000) {
            shortened.push([node, node.data]);
            node.data = node.data.slice(0, 5000);
        }
    const found = await axe.run(part, options);
    shortened.forEach(([node, data]) => (node.data = data));
    return found.violations.map(({id, nodes}) => [id, nodes.map(({html}) => html)]);
}"""


def violations(page, part="html"):
    """Accessibility violations that axe finds on the current page, or in a part of it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
        page.evaluate(CONFIGURE)
    page.evaluate(SETTLE)
    page.evaluate(MARK)
    return dict(page.evaluate(RUN, [part, OPTIONS]))
