package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// lean is an HTTP/1.1 client over one mutual-TLS connection. It costs about half
// of what Go's own client does, so that on a machine that the generator shares
// with the server more of the time is the server's.
type lean struct {
	conn *tls.Conn
	in   *bufio.Reader
	// head is the request up to the length of the body.
	head []byte
	out  []byte
	body []byte
}

func dialLean(ctx context.Context, addr, path string, cfg *tls.Config) (*lean, error) {
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 30 * time.Second}, Config: cfg}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	head := "POST " + path + " HTTP/1.1\r\nHost: " + addr + "\r\nContent-Type: application/json\r\nContent-Length: "
	return &lean{conn: conn.(*tls.Conn), in: bufio.NewReaderSize(conn, 4<<10), head: []byte(head)}, nil
}

func (l *lean) close() { _ = l.conn.Close() }

// post sends a body and returns the status and the body of the answer, which is
// good until the next call.
func (l *lean) post(body []byte, timeout time.Duration) (int, []byte, error) {
	if err := l.conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return 0, nil, err
	}
	l.out = append(l.out[:0], l.head...)
	l.out = strconv.AppendInt(l.out, int64(len(body)), 10)
	l.out = append(l.out, "\r\n\r\n"...)
	l.out = append(l.out, body...)
	if _, err := l.conn.Write(l.out); err != nil {
		return 0, nil, err
	}
	return l.answer()
}

func (l *lean) answer() (int, []byte, error) {
	line, err := l.in.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	// "HTTP/1.1 200 OK"
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, nil, fmt.Errorf("not an HTTP/1.1 answer: %.40q", line)
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, nil, fmt.Errorf("not an HTTP/1.1 answer: %.40q", line)
	}
	length, chunked := 0, false
	for {
		line, err := l.in.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, nil, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
	l.body = l.body[:0]
	if !chunked {
		err := l.read(length)
		return status, l.body, err
	}
	err = l.readChunks()
	return status, l.body, err
}

const maxAnswer = 4 << 20

func (l *lean) read(n int) error {
	if n < 0 || len(l.body)+n > maxAnswer {
		return errors.New("the answer is too long")
	}
	at := len(l.body)
	if cap(l.body) < at+n {
		l.body = append(make([]byte, 0, at+n), l.body...)
	}
	l.body = l.body[:at+n]
	_, err := io.ReadFull(l.in, l.body[at:])
	return err
}

func (l *lean) readChunks() error {
	for {
		line, err := l.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimRight(line, "\r\n")), 16, 32)
		if err != nil {
			return err
		}
		if err := l.read(int(n)); err != nil {
			return err
		}
		if _, err := l.in.Discard(2); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}
