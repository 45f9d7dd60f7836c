// Package translate says the server's sentences in the language of their reader.
//
// Everything inside of Wardline speaks English: refusals, reasons, what is on
// the record. Sentences are translated in one place, where they leave through
// the API: a sentence is recognised by its form ("Waiting until %s.") in a
// catalogue, and said again in the other language with what stood in it. So no
// package that decides needs to know that there are languages, and what was
// written down years ago can be read in a language that came later. A sentence
// that the catalogue does not know stays as it is: English is better than
// nothing.
//
// Catalogues are JSON files: from the form of an English sentence to a German
// one, where %[1]s stands for what stood there, and %[1]T for the same
// translated. No domain package may import this.
//
// Start reading at Catalogue.Say.
package translate
