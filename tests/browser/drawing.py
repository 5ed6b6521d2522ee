"""The canvas in the hands of a test: what a mouse does there, and when the page shows what the server has."""

from journeys.models import JourneyVersion

# Asked at every frame: has the box been where it is for ten of them?
STANDS_STILL = """selector => {
    const box = document.querySelector(selector)?.getBoundingClientRect();
    const place = box && [selector, box.x, box.y, box.width].join();
    const same = place && window.testRests?.place === place;
    window.testRests = { place, frames: same ? window.testRests.frames + 1 : 0 };
    return window.testRests.frames >= 10;
}"""


class Mouse:
    """An open canvas that is worked on from outside."""

    def __init__(self, page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def rests(self, selector: str) -> None:
        """Wait until something stands still: a panel that opens or a layout that settles moves what lies beside."""
        self.page.wait_for_function(STANDS_STILL, arg=selector)

    def drag(self, what: str, onto: str) -> None:
        self.rests(what)
        self.rests(onto)
        start, end = (self.page.locator(s).bounding_box() for s in (what, onto))
        mouse = self.page.mouse
        mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        mouse.down()
        mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=10)
        mouse.up()

    def settles_at(self, revision: int) -> None:
        """Wait until the page shows this revision, which is after the server stored it."""
        self.page.wait_for_function(
            "r => document.getElementById('revision').value === String(r)", arg=revision
        )

    def fits(self, panel_of: str) -> None:
        """Wait until the new node's panel has opened, which moves the view, then show everything."""
        self.page.wait_for_selector(f"#node-form[data-node={panel_of}]")
        self.page.keyboard.press("f")

    @property
    def focused(self) -> str:
        return self.page.evaluate("document.activeElement.id")


class Canvas(Mouse):
    """The open canvas of a draft, and the draft behind it."""

    def __init__(self, page, version: JourneyVersion) -> None:
        super().__init__(page)
        self.version = version

    @property
    def ways(self) -> set[tuple[str, str]]:
        self.version.refresh_from_db()
        return {(edge["src"], edge["dst"]) for edge in self.version.graph["edges"]}

    @property
    def nodes(self) -> dict[str, dict]:
        self.version.refresh_from_db()
        return self.version.graph["nodes"]
