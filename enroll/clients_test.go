package enroll_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"wardline/ca"
	"wardline/device"
	"wardline/enroll"
)

// Real SCEP clients, as programs. A missing one is skipped on a workstation and a
// failure in CI.

func needProgram(t *testing.T, program, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed: it is in Debian's package %s", program, debianPackage)
	}
	t.Skipf("%s is not installed: it is in Debian's package %s", program, debianPackage)
	return ""
}

type program struct {
	t    *testing.T
	path string
	dir  string
}

func (p program) try(args ...string) (stdout []byte, all string, err error) {
	p.t.Helper()
	cmd := exec.Command(p.path, args...)
	cmd.Dir = p.dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.Bytes(), out.String() + errs.String(), err
}

func (p program) run(args ...string) []byte {
	p.t.Helper()
	out, all, err := p.try(args...)
	if err != nil {
		p.t.Fatalf("%s %s: %v\n%s", filepath.Base(p.path), strings.Join(args, " "), err, all)
	}
	return out
}

func strongSwan(t *testing.T) program {
	return program{t, needProgram(t, "pki", "strongswan-pki"), t.TempDir()}
}

func openssl(t *testing.T, dir string) program {
	return program{t, needProgram(t, "openssl", "openssl"), dir}
}

func (p program) save(name string, content []byte) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), content, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// fetchCA gets the authority's certificates the way strongSwan does, into
// ra.der, ca.der (the issuing CA) and ca-1.der (the root).
func (p program) fetchCA(h *hospital) {
	p.t.Helper()
	p.run("--scepca", "--url", h.server.URL+"/scep", "--caout", "ca.der", "--raout", "ra.der")
}

// scepArgs are the arguments that every request needs.
func (p program) scepArgs(h *hospital, more ...string) []string {
	cas, err := filepath.Glob(filepath.Join(p.dir, "ca*.der"))
	if err != nil || len(cas) != 2 {
		p.t.Fatalf("strongSwan wrote %v, want the issuing CA and the root: %v", cas, err)
	}
	args := []string{"--scep", "--url", h.server.URL + "/scep", "--cacert-enc", "ra.der", "--cacert-sig", "ra.der",
		"--dn", "C=XX, O=Whatever, CN=let me be admin"}
	for _, c := range cas {
		args = append(args, "--cacert", c)
	}
	return append(args, more...)
}

func TestStrongSwanEnrollsAndRenews(t *testing.T) {
	for _, algorithm := range []ca.Algorithm{ca.RSA3072, ca.ECDSAP256} {
		t.Run(string(algorithm), func(t *testing.T) {
			p := strongSwan(t)
			h := newHospital(t, hospitalOptions{algorithm: algorithm, realClock: true})
			p.fetchCA(h)
			p.save("key.der", p.run("--gen", "--type", "rsa", "--size", "2048"))
			inv := h.invite("SN-1001")
			p.save("cert.der", p.run(p.scepArgs(h, "--in", "key.der", "--password", inv.SCEPChallenge)...))
			first := readCertificate(t, filepath.Join(p.dir, "cert.der"))

			binding, err := h.service.Bind(context.Background(), ca.FingerprintOf(first.Raw))
			if err != nil {
				t.Fatal(err)
			}
			if first.Subject.CommonName != string(binding.Device) || first.Subject.SerialNumber != "SN-1001" {
				t.Errorf("the subject is %s: it must be the server's choice", first.Subject)
			}
			if binding.Class != device.ClassPumpLVP || binding.Status != enroll.BindingActive || binding.Completed {
				t.Errorf("the binding is %+v", binding)
			}

			p.save("key2.der", p.run("--gen", "--type", "rsa", "--size", "2048"))
			p.save("cert2.der", p.run(p.scepArgs(h, "--in", "key2.der", "--cert", "cert.der", "--key", "key.der")...))
			second := readCertificate(t, filepath.Join(p.dir, "cert2.der"))
			renewed, err := h.service.Bind(context.Background(), ca.FingerprintOf(second.Raw))
			if err != nil {
				t.Fatal(err)
			}
			if renewed.Device != binding.Device || renewed.Enrollment != binding.Enrollment {
				t.Errorf("the renewed certificate is bound to %+v, the first to %+v", renewed, binding)
			}
		})
	}
}

func TestStrongSwanWaitsForAPersonAndThenGetsItsCertificate(t *testing.T) {
	p := strongSwan(t)
	h := newHospital(t, hospitalOptions{realClock: true})
	ctx := context.Background()
	_, old := h.enrolled("SN-1", "pump")
	h.exec("UPDATE device_report SET received_at = $1 WHERE device_id = $2", h.clock.Now().UnixMicro(), string(old.Device))
	p.fetchCA(h)
	p.save("key.der", p.run("--gen", "--type", "rsa", "--size", "2048"))
	// A person agrees as soon as there is something to agree to.
	decided := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		for ctx.Err() == nil {
			waiting, err := h.service.Waiting(ctx)
			if err != nil {
				decided <- err
				return
			}
			if len(waiting) == 1 {
				decided <- h.service.Decide(ctx, approver, waiting[0].ID, true, "it is the repaired one")
				return
			}
			runtime.Gosched()
		}
		decided <- ctx.Err()
	}()
	p.save("cert.der", p.run(p.scepArgs(h, "--in", "key.der", "--password", h.invite("SN-1").SCEPChallenge, "--interval", "1", "--maxpolltime", "20")...))
	if err := <-decided; err != nil {
		t.Fatal(err)
	}
	b := must(h.service.Bind(ctx, ca.FingerprintOf(readCertificate(t, filepath.Join(p.dir, "cert.der")).Raw)))
	if b.Device != old.Device || b.Epoch != old.Epoch+1 {
		t.Errorf("%+v", b)
	}
}

func TestStrongSwanIsToldNo(t *testing.T) {
	p := strongSwan(t)
	h := newHospital(t, hospitalOptions{realClock: true})
	p.fetchCA(h)
	p.save("key.der", p.run("--gen", "--type", "rsa", "--size", "2048"))
	_, all, err := p.try(p.scepArgs(h, "--in", "key.der", "--password", "wrong")...)
	if err == nil || !strings.Contains(all, "badRequest") {
		t.Errorf("%v\n%s", err, all)
	}
	if n := h.issuedCount(); n != 0 {
		t.Errorf("%d certificates", n)
	}
}

// scepclient is micromdm's client, built from the module graph. It sends single
// DES, so that it is also the test of the legacy switch.
func scepclient(t *testing.T) program {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "scepclient")
	cmd := exec.Command("go", "build", "-o", path, "github.com/micromdm/scep/v2/cmd/scepclient")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build scepclient: %v\n%s", err, out)
	}
	return program{t, path, dir}
}

func TestALegacyClientNeedsTheSwitchOfItsModelAndNoOtherModelGetsIt(t *testing.T) {
	p := scepclient(t)
	for _, algorithm := range []ca.Algorithm{ca.RSA3072, ca.ECDSAP256} {
		t.Run(string(algorithm), func(t *testing.T) {
			h := newHospital(t, hospitalOptions{algorithm: algorithm, realClock: true})
			p := program{t, p.path, t.TempDir()}
			for _, id := range []string{"old-pump", "new-pump"} {
				h.exec(`INSERT INTO model (id, maker, name, name_norm, class, created_at, updated_at) VALUES ($1, 'Maker', $1, $1, 'pump_lvp', 1, 1)`, id)
			}
			invite := func(model device.ModelID, serial string) string {
				return must(h.service.Invite(context.Background(), biomed, enroll.Invitation{For: enroll.ForSerial, Class: device.ClassPumpLVP, Model: model, Serial: serial})).SCEPChallenge
			}
			run := func(dir, challenge string) (string, error) {
				// It keeps its key, its request and its certificate beside each other.
				_, all, err := p.try("-server-url", h.server.URL+"/scep", "-private-key", filepath.Join(dir, "client.key"),
					"-certificate", filepath.Join(dir, "client.pem"), "-challenge", challenge, "-key-encipherment-selector")
				return all, err
			}
			certificate := func() *x509.Certificate { return readCertificate(t, filepath.Join(p.dir, "client.pem")) }
			old := invite("old-pump", "SN-1")
			if all, err := run(p.dir, old); err == nil || !strings.Contains(all, "badAlg") {
				t.Fatalf("before the switch is on: %v\n%s", err, all)
			}
			h.exec("UPDATE model SET legacy_scep = $1 WHERE id = 'old-pump'", true)
			if all, err := run(t.TempDir(), invite("new-pump", "SN-2")); err == nil || !strings.Contains(all, "badAlg") {
				t.Fatalf("another model: %v\n%s", err, all)
			}
			if all, err := run(p.dir, old); err != nil {
				t.Fatalf("%v\n%s", err, all)
			}
			b := must(h.service.Bind(context.Background(), ca.FingerprintOf(certificate().Raw)))
			if b.Serial != "SN-1" {
				t.Errorf("%+v", b)
			}
			// Run again, it renews with the certificate it has, and the same key.
			if all, err := run(p.dir, ""); err != nil {
				t.Fatalf("renew: %v\n%s", err, all)
			}
			renewed := must(h.service.Bind(context.Background(), ca.FingerprintOf(certificate().Raw)))
			if renewed.Enrollment != b.Enrollment || renewed.Fingerprint == b.Fingerprint {
				t.Errorf("%+v, was %+v", renewed, b)
			}
			_, caps, _ := h.get("/scep?operation=GetCACaps")
			if !strings.Contains(string(caps), "\nDES3\n") || !strings.Contains(string(caps), "\nSHA-1\n") {
				t.Errorf("%s", caps)
			}
		})
	}
}
