package ca

import (
	"net"
	"net/url"
	"strings"

	"wardline/internal/fault"
)

// CodeAddress says that an address which people or devices will see cannot be
// used: it is unset, loopback, or an IP address. What is printed into a QR code
// or a certificate stays there for years.
var CodeAddress = fault.Define(fault.Unavailable, "address_not_set",
	"Start the server with the flag that the message names, set to the name under which devices reach it.")

// CheckAddress returns a CodeAddress fault unless address is an absolute URL with
// a scheme out of schemes and a host that other machines can reach by name. flag
// names the flag that sets it, such as "--pki-url". With loopback set, as the
// demo does, any absolute URL will do.
func CheckAddress(flag, address string, loopback bool, schemes ...string) error {
	if address == "" {
		return CodeAddress.New("The server does not know under which address devices reach it: %s is not set.", flag)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return CodeAddress.New("%s is not an address that devices can use: it must look like %s://name:port.", flag, schemes[0])
	}
	known := false
	for _, s := range schemes {
		known = known || u.Scheme == s
	}
	if !known {
		return CodeAddress.New("%s must begin with %s://.", flag, strings.Join(schemes, ":// or "))
	}
	if loopback {
		return nil
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return CodeAddress.New("%s is %s, which every device takes for itself: set it to this server's name in the network.", flag, host)
	}
	if net.ParseIP(host) != nil {
		return CodeAddress.New("%s is the IP address %s: set it to a name, which can move with the server; what stands in a certificate cannot.", flag, host)
	}
	return nil
}
