// The library of plots: a part of the page of its own, which is loaded when the first plot is drawn.

export { default } from "uplot";
