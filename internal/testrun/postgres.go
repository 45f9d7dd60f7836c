package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const serverVariable = "WARDLINE_TEST_POSTGRES"

var errNoPostgres = errors.New("no PostgreSQL server programs were found (pg_config, /usr/lib/postgresql/*/bin); on Debian: apt-get install postgresql")

// serverMode says how a server treats its disk.
type serverMode []string

var (
	// forTests forgets everything at a power cut, and is several times faster.
	forTests = serverMode{"fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=300"}
	// durable is what a hospital runs: only then is a figure worth anything.
	durable = serverMode{"fsync=on", "full_page_writes=on", "synchronous_commit=on", "max_connections=300", "shared_buffers=256MB"}
)

// server is a PostgreSQL server of our own.
type server struct {
	dir, address, version string
	process               *exec.Cmd
	ended                 chan struct{}
}

const folderPrefix = "wardline-postgres-"

// startPostgres starts a server in a temporary folder on a free port. Its
// programs refuse to run as root, so root lends them another user's identity.
func startPostgres(ctx context.Context, mode serverMode) (*server, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	sweepLeftovers()
	as, err := anotherUser()
	if err != nil {
		return nil, err
	}
	dir, err := folderFor(as)
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, ended: make(chan struct{})}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata", data, "--username", "wardline",
		"--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		s.stop()
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		s.stop()
		return nil, err
	}
	args := []string{"-D", data, "-p", strconv.Itoa(port), "-k", dir, "-c", "listen_addresses=127.0.0.1"}
	for _, setting := range mode {
		args = append(args, "-c", setting)
	}
	if err := s.start(exec.Command(filepath.Join(bin, "postgres"), args...), as); err != nil {
		s.stop()
		return nil, err
	}
	s.address = fmt.Sprintf("postgres://wardline@127.0.0.1:%d/postgres", port)
	if err := s.waitUntilReady(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) start(postgres *exec.Cmd, as *syscall.Credential) error {
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	postgres.Dir, postgres.Stdout, postgres.Stderr = s.dir, log, log
	postgres.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if err := startTied(postgres); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	s.process = postgres
	go func() {
		defer close(s.ended)
		_ = postgres.Wait() // how it ended is in its log
	}()
	return nil
}

// waitUntilReady asks until the server answers or has ended.
func (s *server) waitUntilReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.address)
		if err == nil {
			s.version = "PostgreSQL " + conn.PgConn().ParameterStatus("server_version")
			return conn.Close(ctx)
		}
		select {
		case <-again.C:
		case <-s.ended:
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("postgres ended at once:\n%s", log)
		case <-ctx.Done():
			return fmt.Errorf("postgres did not answer: %w", err)
		}
	}
}

// stop ends the server, gently first, and removes its folder.
func (s *server) stop() {
	if s.process != nil {
		for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
			_ = s.process.Process.Signal(sig)
			select {
			case <-s.ended:
			case <-time.After(10 * time.Second):
				continue
			}
			break
		}
	}
	if err := os.RemoveAll(s.dir); err != nil {
		fmt.Fprintln(os.Stderr, "testrun: remove the database's folder:", err)
	}
}

// postgresPrograms is the folder of initdb and postgres: the one that pg_config
// names, else the newest of Debian's.
func postgresPrograms() (string, error) {
	var dirs []string
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(debian, func(a, b string) int { return majorOf(b) - majorOf(a) })
	for _, dir := range append(dirs, debian...) {
		// pg_config also comes with the client's headers, without a server.
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	return "", errNoPostgres
}

func majorOf(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

// anotherUser is whom root runs PostgreSQL as; nil for anybody else.
func anotherUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 != nil || err2 != nil {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody to run it as")
}

// folderFor makes a temporary folder that the server's user owns and can reach,
// with our process id beside the data so that leftovers can be told.
func folderFor(as *syscall.Credential) (string, error) {
	parent := os.TempDir()
	if as != nil && !reachableByAll(parent) {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, folderPrefix)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "owner"), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return "", err
	}
	if as == nil {
		return dir, nil
	}
	return dir, os.Chown(dir, int(as.Uid), int(as.Gid))
}

func reachableByAll(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// sweepLeftovers ends servers whose testrun was killed, and removes their
// folders.
func sweepLeftovers() {
	for _, parent := range slices.Compact([]string{os.TempDir(), "/tmp"}) {
		dirs, _ := filepath.Glob(filepath.Join(parent, folderPrefix+"*"))
		for _, dir := range dirs {
			if owner, ok := pidIn(filepath.Join(dir, "owner")); !ok || alive(owner) {
				continue
			}
			if pid, ok := pidIn(filepath.Join(dir, "data", "postmaster.pid")); ok && isServerOf(pid, dir) {
				_ = syscall.Kill(pid, syscall.SIGQUIT)
			}
			_ = os.RemoveAll(dir)
		}
	}
}

// pidIn reads a process id from the first line of a file.
func pidIn(file string) (int, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	return pid, err == nil && pid > 1
}

func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// isServerOf makes sure that a process id, which may have been given to another
// program since, still is the server with its data in dir.
func isServerOf(pid int, dir string) bool {
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && strings.Contains(string(cmdline), dir)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
