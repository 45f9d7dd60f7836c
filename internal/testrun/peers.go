package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// peer is a program of somebody else that tests talk to.
type peer struct {
	name string
	// why says what is not tried without it.
	why      string
	packages []string // Debian's
	present  func() error
}

func program(names ...string) func() error {
	return func() error {
		for _, name := range names {
			if _, err := exec.LookPath(name); err != nil {
				return fmt.Errorf("the program %s is not on the PATH", name)
			}
		}
		return nil
	}
}

var peers = []peer{
	{"PostgreSQL", "the store's suite and everything over several servers on PostgreSQL",
		[]string{"postgresql"}, func() error { _, err := postgresPrograms(); return err }},
	{"strongSwan's pki", "enrollment and renewal by a real SCEP client",
		[]string{"strongswan-pki", "libstrongswan-standard-plugins", "libstrongswan-extra-plugins"}, program("pki")},
	{"openssl", "certificates, CRL and OCSP read by another implementation",
		[]string{"openssl"}, program("openssl")},
	{"a C compiler", "the race detector",
		[]string{"gcc", "libc6-dev"}, program("gcc")},
	{"Node.js 20.19 or later with npm", "the console",
		nil, program("node", "npm")},
	{"Chromium", "the console in a real browser",
		[]string{"chromium"}, func() error {
			if chromium() == "" {
				return errors.New("the program chromium is not on the PATH")
			}
			return nil
		}},
}

func (p peer) whereFrom() string {
	if len(p.packages) == 0 {
		return "Get it from https://nodejs.org"
	}
	return "On Debian: apt-get install " + strings.Join(p.packages, " ")
}

// peers looks for the programs that tests talk to, installs what is missing
// where that is allowed, and says what stays missing and how to get it.
func (r *run) peers(ctx context.Context) {
	missing := absent()
	if len(missing) > 0 && r.install {
		r.aptInstall(ctx, missing)
		missing = absent()
	}
	for _, p := range missing {
		sentence := fmt.Sprintf("missing: %s. Not tried without it: %s. %s", p.name, p.why, p.whereFrom())
		if r.ci {
			r.tally.fail("peer "+p.name, sentence)
			continue
		}
		fmt.Println(sentence)
	}
}

func absent() []peer {
	var missing []peer
	for _, p := range peers {
		if p.present() != nil {
			missing = append(missing, p)
		}
	}
	return missing
}

func (r *run) aptInstall(ctx context.Context, missing []peer) {
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		fmt.Println("Missing programs can be installed only by root on Debian and its relatives.")
		return
	}
	var packages []string
	for _, p := range missing {
		packages = append(packages, p.packages...)
	}
	fmt.Println("installing", strings.Join(packages, " "))
	for _, args := range [][]string{
		{"update", "-q"},
		append([]string{"install", "-q", "-y", "--no-install-recommends"}, packages...),
	} {
		cmd := r.command(ctx, []string{"DEBIAN_FRONTEND=noninteractive"}, "apt-get", args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Printf("apt-get %s: %v\n%s", args[0], err, out)
		}
	}
}
