// A list of which only what is seen exists: thousands of rows of different heights scroll as one.

const SPARE_PX = 320;

export class VirtualList {
  /**
   * @param {HTMLElement} scroller what scrolls; it gets one child.
   * @param {{count: number, estimate: (row: number) => number, make: (row: number) => HTMLElement}} rows
   *   `estimate`: about how high a row is, px, before it has been seen.
   */
  constructor(scroller, {count, estimate, make}) {
    this.scroller = scroller;
    this.count = count;
    this.make = make;
    this.estimate = estimate;
    this.shown = new Map();
    this.body = document.createElement('div');
    this.body.className = 'rv-virtual';
    scroller.append(this.body);
    this._heights = new Float64Array(count);
    this._tops = new Float64Array(count + 1);
    this._stale = true;
    this._width = 0;
    this._scrolled = () => this._soon();
    scroller.addEventListener('scroll', this._scrolled, {passive: true});
    this._watch = new ResizeObserver(() => this._resized());
    this._watch.observe(scroller);
  }

  close() {
    this._watch.disconnect();
    this.scroller.removeEventListener('scroll', this._scrolled);
    cancelAnimationFrame(this._frame);
  }

  /** Make rows again that are shown; others are made when they come into view. */
  refresh(rows) {
    for (const row of rows) {
      const old = this.shown.get(row);
      if (!old) continue;
      const fresh = this.make(row);
      old.replaceWith(fresh);
      this.shown.set(row, fresh);
    }
    this.draw();
  }

  /** Scroll a row into view; `align`: "near" scrolls only where needed, "middle" always. */
  show(row, align = 'near') {
    this._settle();
    const {clientHeight} = this.scroller;
    const top = this._tops[row];
    const bottom = top + this._heights[row];
    const seen = this.scroller.scrollTop;
    if (align === 'near' && top >= seen && bottom <= seen + clientHeight) return;
    if (align === 'near' && top < seen) this.scroller.scrollTop = top - 8;
    else if (align === 'near') this.scroller.scrollTop = bottom - clientHeight + 8;
    else this.scroller.scrollTop = top - (clientHeight - this._heights[row]) / 2;
    this.draw();
    // Rows that were guessed may have been measured now: once more, exactly.
    if (this._tops[row] !== top) this.show(row, align);
  }

  /** Whether a row is in view, wholly or in part. */
  sees(row) {
    this._settle();
    const {scrollTop, clientHeight} = this.scroller;
    return this._tops[row] < scrollTop + clientHeight && this._tops[row + 1] > scrollTop;
  }

  /** The first row in view. */
  get first() {
    this._settle();
    return this._rowAt(this.scroller.scrollTop);
  }

  draw() {
    if (!this.scroller.clientHeight || !this.count) return;
    this._settle();
    const {scrollTop, clientHeight} = this.scroller;
    const anchor = this._rowAt(scrollTop);
    const offset = scrollTop - this._tops[anchor];
    const first = this._rowAt(scrollTop - SPARE_PX);
    const last = this._rowAt(scrollTop + clientHeight + SPARE_PX);
    for (const [row, element] of this.shown) {
      if (row < first || row > last) {
        element.remove();
        this.shown.delete(row);
      }
    }
    let before = null;
    for (let row = last; row >= first; row -= 1) {
      let element = this.shown.get(row);
      if (!element) {
        element = this.make(row);
        this.body.insertBefore(element, before);
        this.shown.set(row, element);
      }
      before = element;
    }
    this._place(first);
    if (this._measure()) {
      this._settle();
      this._place(first);
      const wanted = this._tops[anchor] + offset;
      if (Math.abs(this.scroller.scrollTop - wanted) > 0.5) this.scroller.scrollTop = wanted;
    }
  }

  _place(first) {
    this.body.style.setProperty('padding-block-start', `${this._tops[first]}px`);
    this.body.style.setProperty('block-size', `${this._tops[this.count]}px`);
  }

  _measure() {
    let changed = false;
    for (const [row, element] of this.shown) {
      const height = element.offsetHeight;
      if (Math.abs(height - this._heights[row]) > 0.5) {
        this._heights[row] = height;
        changed = true;
      }
    }
    this._stale ||= changed;
    return changed;
  }

  _settle() {
    if (!this._stale) return;
    this._stale = false;
    for (let row = 0; row < this.count; row += 1) {
      this._heights[row] ||= this.estimate(row);
      this._tops[row + 1] = this._tops[row] + this._heights[row];
    }
  }

  _rowAt(y) {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this._tops[middle] <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  _soon() {
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => this.draw());
  }

  _resized() {
    const width = this.scroller.clientWidth;
    if (width !== this._width) {
      // Lines break elsewhere: what was measured holds no more, but what is on top stays there.
      const anchor = this._width ? this.first : 0;
      this._width = width;
      this._heights.fill(0);
      this._stale = true;
      this._settle();
      if (anchor) this.scroller.scrollTop = this._tops[anchor];
    }
    this.draw();
  }
}
