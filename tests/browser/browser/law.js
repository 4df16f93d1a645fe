// What is wrong with a page, as a list of sentences. Evaluated in the page by its inspector.
(() => {
    const faults = [];
    const expect = (truth, fault) => { if (!truth) faults.push(fault); };
    const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const one = (element) => element.outerHTML.slice(0, 160);

    const headings = [...document.querySelectorAll('h1')];
    expect(headings.length === 1 && headings[0].innerText.trim(), `${headings.length} first headings`);
    expect(document.title.trim(), 'no title');
    expect(document.documentElement.lang, 'no language');
    expect(document.querySelectorAll('main').length === 1, 'not one main part');
    const root = document.documentElement;
    expect(root.scrollWidth <= root.clientWidth, `${root.scrollWidth} px wide on ${root.clientWidth}`);

    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    expect(new Set(ids).size === ids.length, `an id twice among ${ids}`);
    for (const name of ['aria-describedby', 'aria-labelledby', 'aria-controls', 'for']) {
        for (const element of document.querySelectorAll(`[${name}]`)) {
            for (const id of element.getAttribute(name).split(/\s+/)) {
                expect(document.getElementById(id), `${name} leads nowhere: ${one(element)}`);
            }
        }
    }
    for (const field of document.querySelectorAll('input[type=password]')) {
        const purposes = ['current-password', 'new-password'];
        expect(purposes.includes(field.autocomplete), `password managers do not know ${one(field)}`);
    }

    const wrong = [...document.querySelectorAll('[aria-invalid=true]')].filter(shown);
    if (wrong.length) {
        expect(document.activeElement === wrong[0], `the focus is not on ${one(wrong[0])}`);
    }
    for (const field of wrong) {
        const described = (field.getAttribute('aria-describedby') ?? '').split(/\s+/);
        const said = described.map((id) => document.getElementById(id)?.innerText ?? '').join('');
        expect(said.trim(), `nothing says what is wrong with ${one(field)}`);
    }

    // WCAG 2.2, 1.4.3: 4.5 to 1, or 3 to 1 for large text.
    const colour = (text) => {
        const [, red, green, blue, alpha] = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(text) ?? [];
        return red === undefined ? null : [+red, +green, +blue, alpha === undefined ? 1 : +alpha];
    };
    const over = (front, back) => front.slice(0, 3).map((value, at) => value * front[3] + back[at] * (1 - front[3]));
    const background = (element) => {
        if (!element) return colour(matchMedia('(prefers-color-scheme: dark)').matches ? 'rgb(18, 18, 18)' : 'rgb(255, 255, 255)');
        const own = colour(getComputedStyle(element).backgroundColor);
        if (!own) throw new Error(`what colour is ${getComputedStyle(element).backgroundColor}?`);
        return own[3] === 1 ? own : [...over(own, background(element.parentElement)), 1];
    };
    const luminance = (rgb) => {
        const [red, green, blue] = rgb.slice(0, 3).map((value) => value / 255)
            .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !shown(element) || element.closest('svg, :disabled')) continue;
        const style = getComputedStyle(element);
        const back = background(element);
        const [dark, light] = [over(colour(style.color), back), back].map(luminance).sort((a, b) => a - b);
        const ratio = (light + 0.05) / (dark + 0.05);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
        expect(ratio >= (large ? 3 : 4.5), `contrast of ${ratio.toFixed(2)} to 1: ${one(element)}`);
    }

    // WCAG 2.2, 2.5.8: 24 by 24. Who hits its label hits a box, too.
    const fits = (element) => {
        const { width, height } = element.getBoundingClientRect();
        return width >= 24 && height >= 24;
    };
    for (const target of document.querySelectorAll('button, summary, input:not([type=hidden]), select, textarea')) {
        const parts = ['checkbox', 'radio'].includes(target.type) ? [target, ...target.labels] : [target];
        expect(!shown(target) || parts.some(fits), `hard to hit: ${one(target)}`);
    }
    return faults;
})()
