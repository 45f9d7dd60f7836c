package enroll_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
