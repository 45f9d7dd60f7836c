package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

var errNotATerminal = errors.New("standard input is not a terminal")

// interactive reports whether a person can be asked.
func interactive() bool { return isTerminal(os.Stdin) && isTerminal(os.Stderr) }

// ask prints the question to standard error and reads one line; a secret one is
// not shown while it is typed.
func ask(t terminal, question string, secret bool) (string, error) {
	if !interactive() {
		return "", errNotATerminal
	}
	fmt.Fprint(t.err, question)
	if secret {
		restore, err := hideTyping(os.Stdin)
		if err != nil {
			return "", fmt.Errorf("hide what is typed: %w", err)
		}
		defer fmt.Fprintln(t.err)
		defer restore()
	}
	// One byte at a time: what follows the line belongs to the next question.
	line, err := bufio.NewReaderSize(oneByte{os.Stdin}, 16).ReadString('\n')
	if err != nil && !(errors.Is(err, io.EOF) && line != "") {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }
