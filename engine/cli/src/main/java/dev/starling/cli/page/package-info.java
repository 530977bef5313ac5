/**
 * Pages that open in any browser, without a network: one HTML file with its figures in it.
 *
 * <pre>
 *   Page -- sections -- facts, tables, notes, commands
 *                   '-- figures: LineChart  BarChart  HeatMap  TimeLine   (Figure)
 *                                   '---------'---- Axis -> Scale: round ticks, pixels
 * </pre>
 *
 * <p>Everything belongs to the thread that builds the page; nothing is kept open. Invariants: the
 * page is well-formed XML as well as HTML; whatever text it is given is shown and never
 * interpreted; its policy forbids the browser to load or run anything; a value that cannot be drawn
 * (NaN, infinite, not positive on a logarithmic axis) is a gap; the size of a figure is bounded by
 * its pixels, not by its data.
 */
package dev.starling.cli.page;
