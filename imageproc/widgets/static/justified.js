// Justified rows: pictures of one height side by side, as wide as the page. Returns where each lies.
// Dates with few photos lie side by side in one row, each below its own heading.
const JUSTIFY_CHARACTER = 8.5, JUSTIFY_BETWEEN = 24; // pixels: of a heading's type, and between dates in a row

function justify(aspects, headings, width, wanted, gap = 4, heading = 40) {
  const count = aspects.length, left = new Float32Array(count), wide = new Float32Array(count), row = new Uint32Array(count);
  const rows = [], heads = [], starts = headings.length && headings[0][0] === 0 ? headings : [[0, ""], ...headings];
  let top = 0, side = [], across = 0;
  const shape = (number) => Math.max(0.4, Math.min(3.5, aspects[number] || 1.3333));
  function place(first, last, height, at, end) {
    for (let number = first; number <= last; number += 1) {
      left[number] = at;
      wide[number] = number === last && at + shape(number) * height > end - 2 ? end - at : shape(number) * height;
      row[number] = rows.length;
      at += wide[number] + gap;
    }
  }
  function close(first, last, height) {
    place(first, last, height, 0, width);
    rows.push({ first, last, top, height });
    top += height + gap;
  }
  // Dates that were collected come into one row.
  function closeSide() {
    if (!side.length) return;
    let at = 0;
    for (const { text, start, end, room } of side) {
      heads.push({ text, top, start, left: at, width: end === side.at(-1).end ? width - at : room });
      place(start, end - 1, wanted, at, width);
      at += room + JUSTIFY_BETWEEN;
    }
    top += heading;
    rows.push({ first: side[0].start, last: side.at(-1).end - 1, top, height: wanted });
    top += wanted + gap;
    side = [];
    across = 0;
  }
  // Whether a date was put beside others: its photos and its heading leave room in the row.
  function beside(start, end, text) {
    let natural = gap * (end - 1 - start);
    for (let number = start; number < end && natural <= width; number += 1) natural += shape(number) * wanted;
    const room = Math.max(natural, JUSTIFY_CHARACTER * text.length);
    if (room > width - JUSTIFY_BETWEEN) return false;
    if (across + room > width) closeSide();
    side.push({ text, start, end, room });
    across += room + JUSTIFY_BETWEEN;
    return true;
  }
  starts.forEach(([start, text], index) => {
    const end = index + 1 < starts.length ? starts[index + 1][0] : count;
    if (start >= end || (text && beside(start, end, text))) return;
    closeSide();
    if (text) { heads.push({ text, top, start, left: 0, width }); top += heading; }
    let first = start, sum = 0;
    for (let number = start; number < end; number += 1) {
      sum += shape(number);
      const height = (width - gap * (number - first)) / sum;
      if (height > wanted) continue;
      // The row ends with this picture or before it, whichever comes nearer to the height that is wanted.
      const without = number > first ? (width - gap * (number - 1 - first)) / (sum - shape(number)) : Infinity;
      if (without - wanted < wanted - height && without < 1.5 * wanted) {
        close(first, number - 1, without);
        first = number;
        sum = shape(number);
        if (width / sum > wanted) continue;
      }
      close(first, number, (width - gap * (number - first)) / sum);
      first = number + 1;
      sum = 0;
    }
    if (first < end) close(first, end - 1, Math.min(wanted, (width - gap * (end - 1 - first)) / sum));
  });
  closeSide();
  return { left, wide, row, rows, heads, height: top };
}

// The number of the last row that begins at or above a line.
function rowAt(rows, line) {
  let low = 0, high = rows.length - 1;
  while (low < high) { const middle = (low + high + 1) >> 1; if (rows[middle].top <= line) low = middle; else high = middle - 1; }
  return low;
}
