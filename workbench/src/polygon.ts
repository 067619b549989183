// What a line encloses that is drawn around it.

/** Whether a place lies within the closed line through some points. */
export function encloses(points: readonly [number, number][], x: number, y: number): boolean {
  let odd = false;
  for (let i = 0, k = points.length - 1; i < points.length; k = i, i += 1) {
    const [ax, ay] = points[i]!;
    const [bx, by] = points[k]!;
    if ((ay > y) !== (by > y) && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}
