package main

import (
	"context"
	"log/slog"

	"wardline/app"
)

// serverFlags are the flags of every command that opens the data folder.
type serverFlags struct {
	Data              string `help:"Data folder." placeholder:"DIR" type:"path"`
	Database          string `help:"PostgreSQL address (postgres://...). Default: SQLite in the data folder." placeholder:"URL"`
	DatabaseListenURL string `help:"Direct PostgreSQL address for notifications, when --database is a pooler." placeholder:"URL" name:"database-listen-url"`
	MasterKeyFile     string `help:"File with the key that seals secrets at rest. Default: master.key in the data folder. Replicas need the same one." placeholder:"FILE" type:"path"`
	MasterKey         string `help:"The key itself in base64, in place of the file; use the environment variable." placeholder:"BASE64"`
	MasterKeyCommand  string `help:"Program that wraps and unwraps the data key with a key that it keeps, in place of both." placeholder:"COMMAND"`
	AnchorFile        string `help:"File that remembers, outside of the database, how far it was. Default: anchor.json in the data folder; on another disk it also sees that the folder came from a backup." placeholder:"FILE" type:"path"`
}

type listenerFlags struct {
	AdminAddr   string `help:"Listener for the console and the REST API." default:"127.0.0.1:8443" placeholder:"HOST:PORT"`
	PublicAddr  string `help:"Listener for self-service." default:"127.0.0.1:8442" placeholder:"HOST:PORT"`
	DeviceAddr  string `help:"Listener for devices." default:"127.0.0.1:8444" placeholder:"HOST:PORT"`
	PKIAddr     string `help:"Listener for SCEP, CRL and OCSP, without TLS." default:"127.0.0.1:8081" placeholder:"HOST:PORT" name:"pki-addr"`
	MetricsAddr string `help:"Listener for metrics. Default: off." placeholder:"HOST:PORT"`
}

type serveCmd struct {
	serverFlags   `embed:""`
	listenerFlags `embed:""`

	AdminURL  string `help:"Address at which people reach the console." placeholder:"https://NAME" name:"admin-url"`
	PublicURL string `help:"Address at which staff reach self-service." placeholder:"https://NAME" name:"public-url"`
	DeviceURL string `help:"Address at which devices reach the server." placeholder:"https://NAME" name:"device-url"`
	PKIURL    string `help:"Address of CRL, OCSP and SCEP in certificates and invitations." placeholder:"http://NAME" name:"pki-url"`

	TrustedProxies  []string `help:"Addresses or networks of reverse proxies, whose X-Forwarded-For is believed. Default: none." placeholder:"ADDRESS"`
	ProxySecretFile string   `help:"File with the secret that these proxies show on the device listener, so that a client certificate is taken from them." placeholder:"FILE" type:"path"`

	MapTilesURL    string `help:"Tile server of the map, for devices that report coordinates. Default: none, and no page asks anybody for a map." placeholder:"https://NAME/{z}/{x}/{y}.png" name:"map-tiles-url"`
	MapAttribution string `help:"What the maker of the map wants to be said beside it." placeholder:"TEXT"`

	MailServer       string `help:"The hospital's mail server, for alerts. Default: no mail is sent." placeholder:"HOST:PORT"`
	MailSecurity     string `help:"How the connection to it is encrypted: starttls, tls, or none (to this machine only)." default:"starttls" enum:"starttls,tls,none"`
	MailUser         string `help:"Name to sign in with. Default: nobody signs in." placeholder:"NAME"`
	MailPasswordFile string `help:"File with the password of --mail-user." placeholder:"FILE" type:"path"`
	MailFrom         string `help:"Sender of the mails." placeholder:"ADDRESS"`
	MailCAFile       string `help:"Certificates that the mail server is trusted by, beside the system's." placeholder:"FILE" type:"path" name:"mail-ca-file"`

	WebhookAllow  []string `help:"Networks that webhooks may call although they belong to this machine or its link. Default: none." placeholder:"NETWORK"`
	WebhookCAFile string   `help:"Certificates that webhooks are trusted by, beside the system's." placeholder:"FILE" type:"path" name:"webhook-ca-file"`

	HeadsTo string `help:"Where the signed heads of the audit log are sent every five minutes: a folder on another machine's disk, or an https address that takes them by POST. Default: nowhere." placeholder:"FOLDER|URL"`

	Organization      string `help:"The hospital's name in certificates." default:"Wardline"`
	HelpPhone         string `help:"Telephone number that staff call who have lost a device, and finders." placeholder:"NUMBER"`
	RegisterPhones    string `help:"How staff register phones in self-service: open (at once), approve (somebody of IT agrees first), off." default:"open" enum:"open,approve,off"`
	BootstrapAdmin    string `help:"Username of the first account, on a server that has none." placeholder:"NAME"`
	BootstrapPassword string `help:"Its password; use the environment variable." placeholder:"PASSWORD"`
}

func (f serverFlags) options(log *slog.Logger) app.Options {
	data := f.Data
	if data == "" {
		data = defaultData("wardline")
	}
	return app.Options{Data: data, Database: f.Database, DatabaseListenURL: f.DatabaseListenURL, MasterKeyFile: f.MasterKeyFile,
		MasterKey: f.MasterKey, MasterKeyCommand: f.MasterKeyCommand,
		AnchorFile: f.AnchorFile, Log: log}
}

func (f listenerFlags) apply(o *app.Options) {
	o.AdminAddr, o.PublicAddr, o.DeviceAddr, o.PKIAddr, o.MetricsAddr = f.AdminAddr, f.PublicAddr, f.DeviceAddr, f.PKIAddr, f.MetricsAddr
}

func (c *serveCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	o := c.options(log)
	c.apply(&o)
	o.AdminURL, o.PublicURL, o.DeviceURL, o.PKIURL = c.AdminURL, c.PublicURL, c.DeviceURL, c.PKIURL
	o.TrustedProxies, o.ProxySecretFile = c.TrustedProxies, c.ProxySecretFile
	o.MapTilesURL, o.MapAttribution = c.MapTilesURL, c.MapAttribution
	o.MailServer, o.MailSecurity, o.MailUser, o.MailPasswordFile = c.MailServer, c.MailSecurity, c.MailUser, c.MailPasswordFile
	o.MailFrom, o.MailCAFile = c.MailFrom, c.MailCAFile
	o.WebhookAllow, o.WebhookCAFile = c.WebhookAllow, c.WebhookCAFile
	o.Organization, o.HelpPhone, o.HeadsTo = c.Organization, c.HelpPhone, c.HeadsTo
	o.RegisterPhones = c.RegisterPhones
	o.BootstrapAdmin, o.BootstrapPassword = c.BootstrapAdmin, c.BootstrapPassword
	o.Out = t.out
	return app.Run(ctx, o)
}
