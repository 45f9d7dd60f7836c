// Package evidence writes the loss report: what a privacy officer has to know of
// a device that is gone (SAFETY 7). Each fact stands with its source and its age;
// what is not known is said in words, and never left empty.
//
// The package is pure: it is given what is known, and makes a Report of it, which
// is written as HTML for print and as PDF; its JSON is the Report itself. It reads
// no store and knows no HTTP.
package evidence
