package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// site is one Wardline server on one engine, with an empty database.
type site struct {
	engine     string
	bench      *bench
	process    *process
	dir        string
	database   string // PostgreSQL's name of the database
	ports      map[string]int
	deviceAddr string // host:port
	scepURL    string
	admin      *rest
	person     *rest // IT and biomed in one: who asks for everything measured

	models  map[bool]string // by "is a pump"
	devices map[string]string
	named   int // serial numbers given so far
}

// hostName is what certificates and invitations say: loopback names are refused.
// It is never looked up: everything is dialled on 127.0.0.1.
const hostName = "wardline.bench.test"

const (
	adminName = "bench-admin"
	password  = "correct horse battery staple 7"
)

func (b *bench) startSite(ctx context.Context, engine string) (s *site, err error) {
	s = &site{engine: engine, bench: b, ports: map[string]int{}, devices: map[string]string{}}
	if s.dir, err = os.MkdirTemp(b.dir, engine+"-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	args := []string{"serve", "--data", filepath.Join(s.dir, "data")}
	if engine == "postgres" {
		dsn, err := s.createDatabase(ctx)
		if err != nil {
			return s, err
		}
		args = append(args, "--database", dsn)
	}
	for _, l := range []string{"admin", "public", "device", "pki", "metrics"} {
		if s.ports[l], err = freePort(); err != nil {
			return s, err
		}
		args = append(args, "--"+l+"-addr", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.ports[l])))
		if l != "metrics" {
			scheme := "https"
			if l == "pki" {
				scheme = "http"
			}
			args = append(args, "--"+l+"-url", s.url(scheme, l))
		}
	}
	cmd := exec.CommandContext(ctx, filepath.Join(b.dir, "wardline"), args...)
	cmd.Env = append(os.Environ(), "WARDLINE_BOOTSTRAP_ADMIN="+adminName, "WARDLINE_BOOTSTRAP_PASSWORD="+password, "WARDLINE_LOG_LEVEL=warn")
	if s.process, err = startProcess(cmd, filepath.Join(s.dir, "log")); err != nil {
		return s, err
	}
	s.deviceAddr = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.ports["device"]))
	s.scepURL = s.url("http", "pki") + "/scep"
	return s, s.setUp(ctx)
}

func (s *site) url(scheme, listener string) string {
	return scheme + "://" + net.JoinHostPort(hostName, strconv.Itoa(s.ports[listener]))
}

// dialContext leads every name to this machine.
func (s *site) dialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

// setUp waits for the server and gives it what every scenario needs: somebody
// who may ask, a ward, a pump and a handheld.
func (s *site) setUp(ctx context.Context) error {
	client := newREST(s.url("https", "admin"), "", "", s.dialContext).client
	err := untilReady(ctx, func() error {
		resp, err := client.Get(s.url("https", "admin") + "/readyz")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return errors.New("the server is not ready: " + resp.Status)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.admin = newREST(s.url("https", "admin"), adminName, password, s.dialContext)
	err = s.admin.do(ctx, http.MethodPost, "/accounts", map[string]any{"username": "bench", "name": "Bench",
		"roles": []string{"it", "biomed"}, "password": password}, nil)
	if err != nil {
		return err
	}
	s.person = newREST(s.url("https", "admin"), "bench", password, s.dialContext)
	s.models = map[bool]string{}
	for pump, class := range map[bool]string{true: "pump_lvp", false: "handheld_shared"} {
		var made struct{ ID string }
		err := s.person.do(ctx, http.MethodPost, "/models", map[string]any{"maker": "Bench", "name": class, "class": class,
			"capabilities": []string{"refresh", "locate", "lock", "unlock", "message", "ring", "wipe"}}, &made)
		if err != nil {
			return err
		}
		s.models[pump] = made.ID
	}
	return nil
}

// stop ends the server and removes what it stored.
func (s *site) stop() error {
	if s.process != nil {
		s.process.stop()
		s.process = nil
	}
	if s.database == "" {
		return nil
	}
	name := s.database
	s.database = ""
	return s.onServer(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
}

const serverVariable = "WARDLINE_TEST_POSTGRES"

func (s *site) createDatabase(ctx context.Context) (string, error) {
	server := os.Getenv(serverVariable)
	if server == "" {
		return "", errors.New(serverVariable + " is not set: run `make bench`, or choose -engine sqlite")
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", fmt.Errorf("%s is not an address", serverVariable)
	}
	name := "wardline_bench_" + strconv.Itoa(os.Getpid()) + "_" + filepath.Base(s.dir)[len("postgres-"):]
	if err := s.onServer(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	s.database = name
	u.Path = "/" + name
	return u.String(), nil
}

func (s *site) onServer(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, os.Getenv(serverVariable))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// sql opens the database beside the server, for what no request leads to.
func (s *site) sql() (*sql.DB, error) {
	if s.engine == "sqlite" {
		return sql.Open("sqlite", "file:"+filepath.Join(s.dir, "data", "wardline.db")+"?_pragma=busy_timeout(60000)")
	}
	u, err := url.Parse(os.Getenv(serverVariable))
	if err != nil {
		return nil, err
	}
	u.Path = "/" + s.database
	return sql.Open("pgx", u.String())
}

// memory is what the server uses.
type memory struct{ resident, goMemory int64 }

// memory reads the resident set from the kernel, and heap and stacks in use from
// the server's metrics.
func (s *site) memory(ctx context.Context) (memory, error) {
	resident, err := s.process.memory()
	if err != nil {
		return memory{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/metrics", s.ports["metrics"]), nil)
	if err != nil {
		return memory{}, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return memory{}, err
	}
	defer resp.Body.Close()
	m := memory{resident: resident}
	for in := bufio.NewScanner(resp.Body); in.Scan(); {
		name, value, _ := strings.Cut(in.Text(), " ")
		if name == "go_memstats_heap_inuse_bytes" || name == "go_memstats_stack_inuse_bytes" {
			f, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return m, err
			}
			m.goMemory += int64(f)
		}
	}
	return m, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
