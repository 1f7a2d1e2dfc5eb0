"""The XOR playground in a real browser: what a learner does, and what goes wrong around them."""

import pytest

pytestmark = pytest.mark.browser

IMPORTS = "import asyncio\nfrom bplib.playgrounds.xor import XORPlayground, XORSettings"
# Loops that are alive: one for each player that plays, seen from the kernel.
LOOPS = "sum('Player._play' in repr(task) for task in __import__('asyncio').all_tasks())"
STEP = "p.model.step_count"


def playing(lab, cells=("p = XORPlayground(); p",)):
    """Open a notebook of playgrounds, run it and press the first Play."""
    lab.open([IMPORTS, *cells])
    lab.run_all()
    lab.button("Play").click()
    lab.wait_for(lambda: lab.kernel(STEP) > 20, what="steps")
    return lab


def goes_on(lab, name="p"):
    """Wait until this playground has trained on and painted."""
    before = lab.kernel(f"{name}.model.step_count"), lab.kernel(f"{name}.view.live.frames")
    lab.wait_for(lambda: lab.kernel(f"{name}.model.step_count") > before[0], what="a step")
    lab.wait_for(lambda: lab.kernel(f"{name}.view.live.frames") > before[1], what="a frame")


def test_press_play_turn_the_knobs_and_run_the_cell_again(lab):
    playing(lab)
    lab.paints(2)
    first = lab.kernel("float(p.model.trace.columns[0, 0])")
    lab.wait_for(lambda: lab.kernel("p.model._losses()[0]") < first, what="the loss to fall")

    before = lab.kernel("p.settings.learning_rate")
    lab.slider("Learning rate η").press("ArrowRight", times=2)
    lab.wait_for(lambda: lab.kernel("p.model.optimizer.learning_rate") > before, what="another rate")
    assert lab.kernel("p.playing and p.error is None")

    lab.slider("Hidden units").set(6)
    lab.wait_for(lambda: lab.kernel("p.model.network.layers[0].n_out") == 6, what="six hidden units")
    lab.wait_for(lambda: any("Hidden units: 6" in text for text in lab.statuses()), what="the word of it")
    lab.dropdown("Data").select_option(label="circles")
    lab.wait_for(lambda: lab.kernel("p.model.dataset.name") == "circles", what="another data set")
    goes_on(lab)

    lab.button("Pause").click()
    lab.wait_for(lambda: not lab.kernel("p.playing"), what="the pause")
    assert lab.kernel(LOOPS) == 0
    steps = lab.kernel(STEP)
    lab.button("Step").click()
    lab.wait_for(lambda: lab.kernel(STEP) == steps + 1, what="one step")
    lab.button("Reset").click()
    lab.wait_for(lambda: lab.kernel(STEP) == 0, what="the reset")
    assert lab.alarms() == []

    lab.button("Play").click()
    lab.wait_for(lambda: lab.kernel(LOOPS) == 1, what="a loop")
    lab.run_cell(1)
    assert lab.kernel(LOOPS) == 0, "the predecessor is closed, the new one waits for its Play"
    lab.button("Play").click()
    lab.wait_for(lambda: lab.kernel(LOOPS) == 1, what="one loop")
    goes_on(lab)


@pytest.mark.thorough
def test_twenty_runs_of_the_cell_while_it_plays_leave_one_loop_and_no_litter(lab):
    lab.open([IMPORTS, "p = XORPlayground()\np.play()\np"])
    lab.run_all()
    widgets = "len(__import__('ipywidgets').widgets.widget._instances)"
    goes_on(lab)
    few = lab.kernel(widgets)
    for _ in range(3):
        lab.run_cell(1)
    memory = lab.kernel("__import__('psutil').Process().memory_info().rss")
    for _ in range(17):
        lab.run_cell(1)
    goes_on(lab)
    assert lab.kernel(LOOPS) == 1
    assert lab.kernel(widgets) == few
    assert lab.kernel("__import__('psutil').Process().memory_info().rss") - memory < 20e6
    assert lab.page.locator("img.bp-figure").count() == 1


@pytest.mark.own_page
def test_a_busy_cell_and_an_interrupt_do_not_stop_the_player(lab):
    playing(lab, ("p = XORPlayground(); p", "x = 1"))
    lab.page.locator(".jp-Notebook-cell").nth(2).locator(".cm-content").click()
    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.type("import time; time.sleep(60)")
    lab.command("notebook:run-cell")
    prompt = lab.page.locator(".jp-Notebook-cell").nth(2).locator(".jp-InputPrompt")
    lab.wait_for(lambda: "*" in prompt.text_content(), what="the busy cell")
    lab.page.wait_for_timeout(300)
    lab.slider("Learning rate η").press("ArrowRight")  # arrives on another thread while the cell sleeps
    lab.command("notebook:interrupt-kernel")
    lab.wait_for(lambda: "*" not in prompt.text_content(), what="the interrupt")
    goes_on(lab)
    lab.wait_for(lambda: lab.kernel("p.model.optimizer.learning_rate") > 0.5, what="the slider's turn")
    assert lab.kernel("p.playing and p.error is None")


@pytest.mark.thorough
@pytest.mark.own_page
def test_after_a_restart_the_cell_makes_a_new_one(lab):
    playing(lab)
    lab.restart()
    lab.wait_for(lambda: lab.alarms(), what="the notice that the controls are dead")
    assert "Run cell [2] again" in lab.alarms()[0]
    # JupyterLab puts a sign of its own before the words
    assert lab.page.locator(".jp-OutputArea button", has_text="Pause").is_disabled()
    assert lab.page.locator("img.bp-figure").is_visible()
    lab.run_all()
    assert lab.alarms() == []
    assert lab.kernel(LOOPS) == 0
    lab.button("Play").click()
    goes_on(lab)
    lab.paints(2)
    lab.button("Pause").click()
    lab.wait_for(lambda: not lab.kernel("p.playing"), what="the pause")


@pytest.mark.thorough
@pytest.mark.own_page
def test_a_page_loaded_anew_while_it_plays_shows_it_again(lab):
    playing(lab)
    lab.save()
    lab.reload()
    goes_on(lab)
    lab.wait_for(lambda: lab.page.locator("img.bp-figure").count() == 1, what="the figure")
    lab.paints(2)
    lab.button("Pause").click()
    lab.wait_for(lambda: not lab.kernel("p.playing"), what="the pause")


def test_two_playgrounds_play_side_by_side(lab):
    playing(lab, ("p = XORPlayground(panels='simple'); p", "q = XORPlayground(panels='simple'); q"))
    lab.button("Play").click()  # the first of those still named Play is the second one's
    lab.wait_for(lambda: lab.kernel("p.playing and q.playing"), what="both")
    assert lab.kernel(LOOPS) == 2
    goes_on(lab, "p")
    goes_on(lab, "q")
    lab.button("Pause").click()
    lab.wait_for(lambda: not lab.kernel("p.playing"), what="the pause")
    assert lab.kernel("q.playing")


def test_faults_show_in_the_panel(lab):
    lab.open([IMPORTS, "p = XORPlayground(panels='simple'); p",
              "def broken(): raise RuntimeError('a wire came loose')\np.model.step = broken",
              "del p.model.step"])  # fmt: skip
    lab.run_cell(0)
    lab.run_cell(1)
    lab.button("Play").click()
    goes_on(lab)
    lab.run_cell(2)
    lab.wait_for(lambda: any("a wire came loose" in text for text in lab.alarms()), what="the error line")
    assert not lab.kernel("p.playing")
    lab.run_cell(3)
    lab.button("Play").click()
    goes_on(lab)
    lab.wait_for(lambda: lab.alarms() == [], what="the error line to go")


HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    Object.defineProperty(document, 'visibilityState', { value: hidden ? 'hidden' : 'visible', configurable: true });
    document.dispatchEvent(new Event('visibilitychange')); }"""
SHOWN = """async () => {
    const bytes = await (await fetch(document.querySelector('img.bp-figure').src)).arrayBuffer();
    const hash = await crypto.subtle.digest('SHA-256', bytes);
    return [...new Uint8Array(hash)].map(byte => byte.toString(16).padStart(2, '0')).join(''); }"""
FRAMES, STEPS = "p.view.live.frames", "p.model.step_count"


def trains_unseen(lab):
    """It trains, and sends no frames."""
    lab.wait_for(
        lambda: not lab.kernel("p.view.live.image.watched"), what="the kernel to know that nobody looks"
    )
    for _ in range(2):  # the first time a frame may still have been on its way
        frames, steps = lab.kernel(FRAMES), lab.kernel(STEPS)
        lab.wait_for(lambda steps=steps: lab.kernel(STEPS) > steps + 20, what="training")
    assert lab.kernel(FRAMES) == frames


@pytest.mark.thorough
@pytest.mark.own_page
def test_a_hidden_page_a_cleared_output_and_a_closed_page_get_no_frames(lab):
    playing(lab)
    lab.page.evaluate(HIDE, True)
    trains_unseen(lab)
    lab.page.evaluate(HIDE, False)
    lab.paints(2)
    lab.page.evaluate("document.querySelector('.jp-WindowedPanel-outer').style.height = '60px'")
    trains_unseen(lab)
    lab.page.evaluate("document.querySelector('.jp-WindowedPanel-outer').style.height = ''")
    lab.paints(2)
    lab.page.locator(".jp-Notebook-cell").nth(1).locator(".jp-InputArea-editor").click()
    lab.command("notebook:clear-cell-output")
    lab.wait_for(lambda: lab.page.locator("img.bp-figure").count() == 0, what="the output to go")
    trains_unseen(lab)
    lab.run_cell(1)
    assert lab.kernel(LOOPS) == 0
    lab.button("Play").click()
    goes_on(lab)
    lab.save()
    lab.kernel("setattr(p, 'unwatched', 2.0)")
    seen, lab.page = lab.page, lab.context.new_page()
    seen.close()
    trains_unseen(lab)
    lab.wait_for(lambda: not lab.kernel("p.playing"), what="the pause after nobody has looked")
    lab.reload()
    lab.wait_for(lambda: any("nobody had looked" in text for text in lab.statuses()), what="the reason")


@pytest.mark.thorough
@pytest.mark.own_page
def test_two_pages_on_one_kernel_are_both_live(lab):
    playing(lab)
    lab.save()
    first, lab.page = lab.page, lab.context.new_page()
    lab.reload()
    lab.wait_for(lambda: lab.page.locator("img.bp-figure").count() == 1, what="the figure on the other page")
    for page in (first, lab.page, first):
        page.bring_to_front()
        before = page.evaluate("window.__painted")
        page.wait_for_function("before => window.__painted >= before + 3", arg=before)
    under_way = lab.kernel("[len(page._under_way) for page in p.view.live.image._pages.values()]")
    assert len(under_way) == 2
    assert max(under_way) <= 14


@pytest.mark.own_page
def test_a_saved_copy_without_its_kernel_shows_what_was_last_seen_and_what_to_run(lab):
    playing(lab)
    goes_on(lab)  # a page that has not said yet that it is looked at still shows step 0
    lab.button("Pause").click()
    lab.wait_for(lambda: lab.kernel("not (p.playing or p.view.live.owed)"), what="the last picture")
    seen = lab.kernel("__import__('hashlib').sha256(p.view.live.image.value).hexdigest()")
    steps = lab.kernel("p.steps")
    lab.wait_for(lambda: lab.page.evaluate(SHOWN) == seen, what="the last picture on the page")
    # the words are sent after the picture; what is not on the page yet is not saved
    lab.wait_for(lambda: f"step {steps} " in lab.status(), what="the last status line on the page")
    lab.save()
    lab.stop_kernels()
    lab.reload()
    picture = lab.page.locator("img.bp-figure")
    lab.wait_for(lambda: picture.count() == 1, what="the picture")
    lab.wait_for(lambda: lab.page.evaluate(SHOWN) == seen, what="the last picture again")
    lab.wait_for(lambda: lab.alarms(), what="the notice that the controls are dead")
    assert "XOR playground" in picture.get_attribute("alt")
    assert f"step {steps} " in lab.status()
    assert lab.page.get_by_text("model not found").count() == 0
    assert "Run cell [2] again: p = XORPlayground(); p" in lab.alarms()[0]
    assert lab.page.locator(".jp-OutputArea button", has_text="Play").is_disabled()
    assert lab.page.locator(".jp-OutputArea .noUi-handle[tabindex='0']").count() == 0
    lab.run_all()
    assert lab.alarms() == []
    lab.button("Play").click()
    goes_on(lab)


@pytest.mark.own_page
def test_keyboard_names_and_width(lab):
    lab.open([IMPORTS, "p = XORPlayground(); p"], theme="dark")
    lab.run_all()
    lab.wait_for(lambda: lab.page.get_by_role("slider", name="Hidden units").count() == 1, what="its name")
    for name in ("Learning rate η", "Hidden layers", "Seed"):
        assert lab.page.get_by_role("slider", name=name).count() == 1
    for name in ("Data", "Activation", "Loss", "Start", "Batch size", "Speed"):
        assert lab.page.get_by_role("combobox", name=name).count() == 1
    assert "XOR playground" in lab.page.locator("img.bp-figure").get_attribute("alt")
    width = lab.page.evaluate(
        "(e => e.scrollWidth - e.clientWidth)(document.querySelector('.jp-WindowedPanel-outer'))"
    )
    assert width <= 0, "no sideways scrolling at 1280 × 720"

    lab.page.get_by_role("slider", name="Learning rate η").focus()
    reached = []
    for _ in range(30):
        reached.append(
            lab.page.evaluate("""() => { const e = document.activeElement;
            return [e.ariaLabel || e.labels?.[0]?.textContent || e.textContent,
                    getComputedStyle(e).outlineStyle !== 'none' && parseFloat(getComputedStyle(e).outlineWidth) > 0];
            }""")
        )
        if reached[-1][0] == "This experiment":
            break
        lab.page.keyboard.press("Tab")
    names = {name for name, _ in reached}
    assert names >= {"Learning rate η", "Hidden units", "Data", "Play", "Step", "Reset", "Speed", "Seed"}
    assert names >= {"Shown large", "A click in the plane"}
    lab.page.keyboard.type("x")
    value, selected = lab.page.evaluate(
        "(e => [e.value, e.value.slice(e.selectionStart, e.selectionEnd)])(document.activeElement)"
    )
    assert value == selected == lab.kernel("p.code.value"), "it is there to be copied"
    assert all(outlined for _, outlined in reached), "focus is seen wherever it goes"
    lab.button("Play").focus()
    lab.page.keyboard.press("Space")
    lab.wait_for(lambda: lab.kernel("p.playing"), what="Play by keyboard")


def test_a_click_on_a_hidden_unit_shows_it_large_and_one_in_the_plane_adds_a_point(lab):
    playing(lab)
    picture = lab.page.locator("img.bp-figure")

    def click(ax, place):
        x, y = lab.kernel(
            f"(lambda live, at: [at[0] / live.width, 1 - at[1] / live.height])"
            f"(p.view.live, p.view.{ax}.transData.transform({place}).tolist())"
        )
        box = picture.bounding_box()
        picture.click(position={"x": x * box["width"], "y": y * box["height"]})

    left, bottom, right, top = lab.kernel("p.view._tiles[1, 2]")
    click("wiring", ((left + right) / 2, (bottom + top) / 2))
    lab.wait_for(lambda: lab.kernel("p.large.value") == (1, 2), what="unit 2")
    goes_on(lab)
    chosen = lab.dropdown("Shown large").locator("option:checked")
    lab.wait_for(
        lambda: chosen.inner_text().replace("\xa0", " ") == "layer 1, unit 2", what="the choice on the page"
    )
    lab.dropdown("A click in the plane").select_option(label="adds a point of class 1")
    click("plane", (0.5, 0.5))
    lab.wait_for(lambda: lab.kernel("len(p.settings.added)") == 1, what="a point")
    assert lab.kernel("[round(number, 1) for number in p.settings.added[0]]") == [0.5, 0.5, 1]
    lab.dropdown("Shown large").select_option(label="the answer")
    lab.wait_for(lambda: lab.kernel("p.large.value") == (), what="the answer")
    goes_on(lab)
    assert lab.alarms() == []
