package enroll

import "errors"

// maxDepth is how deeply a SCEP message may nest. A certificate inside one needs
// about fifteen levels.
const maxDepth = 32

var errNotBER = errors.New("not a BER element")

// definite returns the first BER element of in with definite lengths throughout,
// and what follows it. Some SCEP clients write indefinite lengths, which package
// encoding/asn1 does not read. Everything else is left byte for byte as it came:
// parts of it are signed.
//
// It stands before every other parser: tags above 30, which nothing in SCEP uses,
// and deep nesting end here.
func definite(in []byte, depth int) (element, rest []byte, err error) {
	if depth > maxDepth || len(in) < 2 || in[0]&0x1f == 0x1f {
		return nil, nil, errNotBER
	}
	constructed := in[0]&0x20 != 0
	length, header, err := berLength(in)
	if err != nil {
		return nil, nil, err
	}
	if length < 0 {
		if !constructed {
			return nil, nil, errNotBER
		}
		body, _, rest, err := definiteAll(in[header:], depth+1, true)
		if err != nil {
			return nil, nil, err
		}
		return encodeElement(in[0], body), rest, nil
	}
	end := header + length
	if !constructed {
		return in[:end], in[end:], nil
	}
	body, changed, _, err := definiteAll(in[header:end], depth+1, false)
	if err != nil {
		return nil, nil, err
	}
	if !changed {
		return in[:end], in[end:], nil
	}
	return encodeElement(in[0], body), in[end:], nil
}

// definiteAll reads elements up to the end of in, or up to the two zero bytes
// that end an indefinite length.
func definiteAll(in []byte, depth int, indefinite bool) (body []byte, changed bool, rest []byte, err error) {
	whole := in
	for {
		if indefinite && len(in) >= 2 && in[0] == 0 && in[1] == 0 {
			return body, true, in[2:], nil
		}
		if len(in) == 0 {
			if indefinite {
				return nil, false, nil, errNotBER
			}
			return body, changed, nil, nil
		}
		element, rest, err := definite(in, depth)
		if err != nil {
			return nil, false, nil, err
		}
		if len(element) != len(in)-len(rest) && !changed && !indefinite {
			changed = true
			body = append(body, whole[:len(whole)-len(in)]...)
		}
		if changed || indefinite {
			body = append(body, element...)
		}
		in = rest
	}
}

// berLength reads the length of the element at the start of in: -1 when it is
// indefinite. The content is known to be there.
func berLength(in []byte) (length, header int, err error) {
	first := in[1]
	switch {
	case first < 0x80:
		length, header = int(first), 2
	case first == 0x80:
		return -1, 2, nil
	default:
		n := int(first & 0x7f)
		if n > 4 || len(in) < 2+n {
			return 0, 0, errNotBER
		}
		for _, b := range in[2 : 2+n] {
			length = length<<8 | int(b)
		}
		header = 2 + n
	}
	if length < 0 || length > len(in)-header {
		return 0, 0, errNotBER
	}
	return length, header, nil
}

func encodeElement(tag byte, body []byte) []byte {
	out := []byte{tag}
	switch n := len(body); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, body...)
}
