package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"wardline/internal/fault"
)

// maxChangeBytes bounds the body of a PATCH.
const maxChangeBytes = 4 << 10

// Control returns the handler of the control address: GET /devices, GET and
// PATCH /devices/{serial}, GET /access_points. It answers from the devices' own
// memory and knows nothing of the server. It is for the loopback interface: a
// request whose Host is not a loopback name is refused, so that no web page can
// reach it by a name of its own.
func (f *Fleet) Control() http.Handler {
	mux := http.NewServeMux()
	f.registerControl(mux)
	return f.loopbackOnly(mux)
}

func (f *Fleet) registerControl(mux *http.ServeMux) {
	mux.HandleFunc("GET /devices", f.listDevices)
	mux.HandleFunc("GET /devices/{serial}", f.getDevice)
	mux.HandleFunc("PATCH /devices/{serial}", f.patchDevice)
	mux.HandleFunc("GET /access_points", f.listAccessPoints)
	mux.HandleFunc("/devices", f.wrongMethod("GET"))
	mux.HandleFunc("/devices/{serial}", f.wrongMethod("GET, PATCH"))
	mux.HandleFunc("/access_points", f.wrongMethod("GET"))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		f.problem(w, r, fault.CodeNotFound.New("There is nothing at %s. The control address has /devices, /devices/{serial} and /access_points.", r.URL.Path))
	})
}

type list[T any] struct {
	Items []T `json:"items"`
	Total int `json:"total"`
}

func (f *Fleet) listDevices(w http.ResponseWriter, r *http.Request) {
	all := make([]Snapshot, 0, len(f.devices))
	for _, d := range f.devices {
		all = append(all, d.Snapshot())
	}
	f.answer(w, r, list[Snapshot]{Items: all, Total: len(all)})
}

func (f *Fleet) getDevice(w http.ResponseWriter, r *http.Request) {
	d, err := f.find(r.PathValue("serial"))
	if err != nil {
		f.problem(w, r, err)
		return
	}
	f.answer(w, r, d.Snapshot())
}

func (f *Fleet) patchDevice(w http.ResponseWriter, r *http.Request) {
	d, err := f.find(r.PathValue("serial"))
	if err != nil {
		f.problem(w, r, err)
		return
	}
	change, err := readChange(w, r)
	if err == nil {
		err = d.Apply(change)
	}
	if err != nil {
		f.problem(w, r, err)
		return
	}
	f.answer(w, r, d.Snapshot())
}

func (f *Fleet) listAccessPoints(w http.ResponseWriter, r *http.Request) {
	type accessPoint struct {
		BSSID string `json:"bssid"`
		Name  string `json:"name"`
		Ward  string `json:"ward"`
	}
	all := make([]accessPoint, 0, len(f.hospital.AccessPoints))
	for _, ap := range f.hospital.AccessPoints {
		all = append(all, accessPoint{ap.BSSID, ap.Name, strings.Join(f.hospital.Path(ap.Place), ", ")})
	}
	f.answer(w, r, list[accessPoint]{Items: all, Total: len(all)})
}

// find returns a simulated device by serial number.
func (f *Fleet) find(serial string) (*Device, error) {
	if d, ok := f.Device(serial); ok {
		return d, nil
	}
	for _, s := range f.hospital.Devices {
		if s.Serial == serial {
			return nil, fault.CodeNotFound.New("%s is a record of the level %q: it runs no agent, so there is no simulated device to show or change.", serial, s.Management)
		}
	}
	return nil, fault.CodeNotFound.New("No simulated device has the serial number %q. GET /devices lists them.", serial)
}

// readChange reads one strict JSON object: no unknown members, no member twice,
// nothing after it.
func readChange(w http.ResponseWriter, r *http.Request) (Change, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || (kind != "application/json" && kind != "application/merge-patch+json") {
		return Change{}, fault.CodeInvalid.New("Send the change as JSON, with Content-Type: application/json.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxChangeBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return Change{}, fault.CodeTooLarge.New("A change has at most %d bytes.", maxChangeBytes)
	case err != nil:
		return Change{}, fault.CodeInvalid.New("The request broke off before its end.")
	}
	if err := checkMembers(body); err != nil {
		return Change{}, err
	}
	var change Change
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&change); err != nil {
		return Change{}, describe(err)
	}
	return change, nil
}

var changeMembers = []string{"therapy", "online", "bssid", "clock_offset_seconds", "battery_percent", "powered", "lies", "ignores_wipe", "locked"}

// checkMembers refuses what encoding/json would let pass: a member twice, a name
// in another case, a null, something after the object.
func checkMembers(body []byte) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return fault.CodeInvalid.New("The body is not a JSON object.")
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return fault.CodeInvalid.New("The body is not well-formed JSON.")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return fault.CodeInvalid.New("The body is not well-formed JSON.")
		}
		f := fault.CodeInvalid.New("The change cannot be read.")
		switch {
		case !slices.Contains(changeMembers, name):
			return f.WithField(name, "There is no such member. There are: %s.", strings.Join(changeMembers, ", "))
		case seen[name]:
			return f.WithField(name, "It is there twice.")
		case string(value) == "null":
			return f.WithField(name, "null means nothing here: leave the member out to keep it as it is.")
		}
		seen[name] = true
	}
	if _, err := dec.Token(); err != nil {
		return fault.CodeInvalid.New("The body is not well-formed JSON.")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fault.CodeInvalid.New("Something follows the JSON object.")
	}
	if len(seen) == 0 {
		return fault.CodeInvalid.New("The change is empty. Members: %s.", strings.Join(changeMembers, ", "))
	}
	return nil
}

// describe turns a decoding error into a sentence.
func describe(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fault.CodeInvalid.New("The change cannot be read.").WithField(wrong.Field, "A JSON %s does not fit here.", wrong.Value)
	}
	return fault.CodeInvalid.New("The body is not well-formed JSON.")
}

// loopbackOnly refuses requests that a web page elsewhere could have made: by a
// name that resolves to loopback, or from another origin.
func (f *Fleet) loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setSafeHeaders(w.Header())
		if !loopbackHost(r.Host) {
			f.writeProblem(w, r, http.StatusMisdirectedRequest, "not_loopback",
				"The simulated hospital answers only to localhost: use the address that the demo printed.", nil)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
			f.writeProblem(w, r, http.StatusForbidden, "foreign_origin",
				"Another web page may not change the simulated hospital.", nil)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func setSafeHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

func (f *Fleet) answer(w http.ResponseWriter, r *http.Request, v any) {
	f.writeJSON(w, r, http.StatusOK, "application/json", v)
}

func (f *Fleet) writeJSON(w http.ResponseWriter, r *http.Request, status int, kind string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		f.log.Error("encode an answer of the control address", slog.String("path", r.URL.Path), slog.Any("error", err))
		status, body = http.StatusInternalServerError, []byte(`{"status":500,"code":"internal","title":"Internal error"}`)
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	if _, err := w.Write(append(body, '\n')); err != nil {
		f.log.Debug("the reader of the control address went away", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
}

func (f *Fleet) wrongMethod(allowed string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allowed)
		f.writeProblem(w, r, http.StatusMethodNotAllowed, "method_not_allowed", fmt.Sprintf("%s takes %s.", r.URL.Path, allowed), nil)
	}
}

// problem answers an RFC 9457 problem. What is not a fault is logged and not shown.
func (f *Fleet) problem(w http.ResponseWriter, r *http.Request, err error) {
	if no, ok := fault.As(err); ok {
		f.writeProblem(w, r, no.Code.Category.Status(), no.Code.Name, no.Detail, no.Fields)
		return
	}
	f.log.Error("the control address failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	f.writeProblem(w, r, http.StatusInternalServerError, "internal", "The simulated hospital failed; its log says why.", nil)
}

func (f *Fleet) writeProblem(w http.ResponseWriter, r *http.Request, status int, code, detail string, fields []fault.Field) {
	f.writeJSON(w, r, status, "application/problem+json", struct {
		Title  string        `json:"title"`
		Status int           `json:"status"`
		Code   string        `json:"code"`
		Detail string        `json:"detail"`
		Errors []fault.Field `json:"errors,omitempty"`
	}{http.StatusText(status), status, code, detail, fields})
}
