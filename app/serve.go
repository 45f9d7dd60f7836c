package app

import (
	"context"
	"errors"
	"net/http"
	"os/user"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"wardline/agent"
)

// startListeners opens the doors, when everything behind them stands.
func (a *App) startListeners(context.Context) error {
	config := tlsConfig(a.tls.GetCertificate)
	a.serve("pki", a.sockets.pki, newServer(a.pkiHandler(), nil))
	a.serve("device", a.sockets.device, agent.NewDeviceServer(config, a.forwarded.around(a.deviceHandler()), a.load))
	a.serve("public", a.sockets.public, newServer(a.api.Public(), config.Clone()))
	a.serve("admin", a.sockets.admin, newServer(a.api.Admin(), config.Clone()))
	if a.sockets.metrics != nil {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics(), promhttp.HandlerOpts{}))
		a.serve("metrics", a.sockets.metrics, newServer(mux, nil))
	}
	// Stopped first: nobody waits for the drain, and event streams end.
	a.life.started("held polls", func(context.Context) error {
		a.agents.Drain()
		a.api.Drain()
		time.Sleep(drainPause)
		return nil
	})
	return nil
}

// deviceHandler is the device listener: enrollment, SCEP and the agent protocol.
func (a *App) deviceHandler() http.Handler {
	r := newRouter()
	a.agents.Register(r)
	a.enroll.RegisterBootstrap(r)
	a.enroll.RegisterSCEP(r)
	a.registerHealth(r)
	return r
}

// pkiHandler is the listener without TLS: signed objects only.
func (a *App) pkiHandler() http.Handler {
	r := newRouter()
	a.enroll.RegisterSCEP(r)
	a.enroll.RegisterPKI(r)
	return r
}

func newRouter() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, _ any) { c.AbortWithStatus(http.StatusInternalServerError) }))
	// Client addresses come from the connection: no proxy's word is taken.
	if err := r.SetTrustedProxies(nil); err != nil {
		panic("app: no trusted proxies: " + err.Error())
	}
	r.UseRawPath, r.HandleMethodNotAllowed = true, true
	return r
}

// registerHealth adds /healthz (the process lives) and /readyz (send it traffic).
func (a *App) registerHealth(r gin.IRoutes) {
	r.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "alive"}) })
	r.GET("/readyz", func(c *gin.Context) {
		if err := a.Ready(c.Request.Context()); err != nil {
			a.o.Log.WarnContext(c.Request.Context(), "not ready", "error", err)
			c.JSON(http.StatusServiceUnavailable, gin.H{"status": "degraded", "why": err.Error()})
			return
		}
		c.JSON(http.StatusOK, gin.H{"status": "ready"})
	})
}

// staleAfter is when a replica that has not heard from the database stops being
// ready (PROTOCOLS 2).
const staleAfter = 5 * time.Minute

// Ready says in a sentence why this server should get no traffic; nil: it should.
func (a *App) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := a.store.Ping(ctx); err != nil {
		return errors.New("the database does not answer")
	}
	if !a.hub.Trusted() {
		return errors.New("the notifications of other servers do not arrive")
	}
	if a.authority.StateAge() > staleAfter {
		return errors.New("the revocation state is old")
	}
	return nil
}

// osUser is the name of an operating-system user, or its number.
func osUser(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}
