// Justified rows: pictures of one height side by side, as wide as the page. Returns where each lies.
function justify(aspects, headings, width, wanted, gap = 4, heading = 40) {
  const count = aspects.length, left = new Float32Array(count), wide = new Float32Array(count), row = new Uint32Array(count);
  const rows = [], heads = [], starts = headings.length && headings[0][0] === 0 ? headings : [[0, ""], ...headings];
  let top = 0;
  const shape = (number) => Math.max(0.4, Math.min(3.5, aspects[number] || 1.3333));
  function close(first, last, height) {
    let at = 0;
    for (let number = first; number <= last; number += 1) {
      left[number] = at;
      wide[number] = number === last && at + shape(number) * height > width - 2 ? width - at : shape(number) * height;
      row[number] = rows.length;
      at += wide[number] + gap;
    }
    rows.push({ first, last, top, height });
    top += height + gap;
  }
  starts.forEach(([start, text], index) => {
    const end = index + 1 < starts.length ? starts[index + 1][0] : count;
    if (start >= end) return;
    if (text) { heads.push({ text, top, start }); top += heading; }
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
  return { left, wide, row, rows, heads, height: top };
}

// The number of the last row that begins at or above a line.
function rowAt(rows, line) {
  let low = 0, high = rows.length - 1;
  while (low < high) { const middle = (low + high + 1) >> 1; if (rows[middle].top <= line) low = middle; else high = middle - 1; }
  return low;
}
