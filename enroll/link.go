package enroll

import (
	"bytes"
	"fmt"
	"image/png"
	"net/url"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// Link is what the QR code of an invitation says: where to enroll, with which
// code, and whom to believe. The secret parts stand behind the #, which no
// program sends to a server.
type Link struct {
	Server string // the device listener, such as https://devices.hospital.example:8444
	Code   string
	CA     string // SHA-256 of the root certificate, lower-case hex
}

// String returns "<server>/enroll/v1#code=<code>&ca=<fingerprint>".
func (l Link) String() string {
	return l.Server + BootstrapPath + "#code=" + l.Code + "&ca=" + l.CA
}

// ParseLink reads what String wrote.
func ParseLink(s string) (Link, error) {
	head, fragment, found := strings.Cut(s, "#")
	server, isLink := strings.CutSuffix(head, BootstrapPath)
	values, err := url.ParseQuery(fragment)
	if !found || !isLink || err != nil || values.Get("code") == "" || len(values.Get("ca")) != 64 {
		return Link{}, fmt.Errorf("%q is not an enrollment link", head)
	}
	return Link{Server: server, Code: values.Get("code"), CA: values.Get("ca")}, nil
}

// qrSize is the side of the picture in pixels.
const qrSize = 512

// qrPNG draws the text as a QR code with a quiet zone of four modules, which
// scanners need.
func qrPNG(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	scaled, err := barcode.Scale(code, qrSize, qrSize)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, framed{scaled, qrSize / code.Bounds().Dx() * 4}); err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	return b.Bytes(), nil
}
