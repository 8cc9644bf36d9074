"""Which objects are alive, asked by type, instead of how many bytes."""


class Page:
    def __init__(self, text):
        self.text = text


def render(count):
    return "".join(Page(f"page {number}").text for number in range(count))


def test_no_page_survives_rendering(memory_snapshot):
    before = memory_snapshot()
    text = render(100)
    diff = memory_snapshot() - before
    assert text.startswith("page 0page 1")
    assert diff.new.where(type=Page).count == 0


def test_pages_that_are_kept_are_found(memory_snapshot):
    before = memory_snapshot()
    kept = [Page("first"), Page("second")]
    diff = memory_snapshot() - before
    assert diff.new.where(type=Page).count == len(kept)
    assert diff.new.where(type=Page, size_gt="64 KiB").count == 0
