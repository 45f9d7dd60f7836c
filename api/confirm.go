package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"wardline/auth"
	"wardline/internal/fault"
)

// The page on which a person confirms a step-up that a program asked for. It is
// two forms and no script: sign in, then look at what is asked and confirm it
// with a fresh code. What is asked is shown to nobody but the person who is said
// to have asked it.

//go:embed confirm.html
var confirmHTML string

//go:embed confirm.css
var confirmCSS string

var confirmPage = template.Must(template.New("confirm").Parse(confirmHTML))

// confirmCSP allows this page's own style sheet, by its hash, and forms to itself.
var confirmCSP = func() string {
	sum := sha256.Sum256([]byte(confirmCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}()

const (
	confirmPath   = "/step-up"
	confirmCookie = "wardline_step_up"
)

// confirmView is what the page shows.
type confirmView struct {
	CSS   template.CSS
	Code  string
	Error string
	// SignedIn: the second form.
	SignedIn bool
	Who      string
	What     string
	About    string
	Reason   string
	// Done ends it.
	Done string
}

func (a *API) registerConfirm() {
	a.handle(http.MethodGet, confirmPath, anyone, a.showConfirm)
	a.handle(http.MethodPost, confirmPath+"/sign-in", anyone, a.confirmSignIn)
	a.handle(http.MethodPost, confirmPath+"/decide", anyone, a.confirmDecide)
}

func (a *API) showConfirm(c *gin.Context) {
	a.page(c, http.StatusOK, confirmView{Code: code(c.Query("code"))})
}

// code keeps what people type to what a code can be.
func code(text string) string {
	if len(text) > 16 {
		return ""
	}
	return text
}

func (a *API) confirmSignIn(c *gin.Context) {
	ctx := c.Request.Context()
	view := confirmView{Code: code(c.PostForm("code"))}
	who := clientOf(ctx)
	g, err := a.auth.Login(ctx, auth.Login{Audience: auth.AudienceAdmin, Username: c.PostForm("username"), Password: c.PostForm("password"),
		OTP: c.PostForm("otp"), Remote: who.remote, UserAgent: who.agent, Via: "step-up page"})
	if err != nil {
		a.pageError(c, view, err)
		return
	}
	http.SetCookie(c.Writer, &http.Cookie{Name: confirmCookie, Value: g.AccessToken, Path: confirmPath, HttpOnly: true, Secure: true,
		SameSite: http.SameSiteStrictMode, MaxAge: int(auth.StepUpPendingLife / time.Second)})
	a.showPending(c, g.Principal, view)
}

// showPending shows what is to be confirmed, to the person who asked for it.
func (a *API) showPending(c *gin.Context, p auth.Principal, view confirmView) {
	su, err := a.auth.PendingStepUp(c.Request.Context(), p, view.Code)
	if err != nil {
		a.pageError(c, view, err)
		return
	}
	view.SignedIn, view.Who, view.What, view.About, view.Reason = true, p.Username, su.Kind.Words(), su.Summary, su.Reason
	a.page(c, http.StatusOK, view)
}

func (a *API) confirmDecide(c *gin.Context) {
	ctx := c.Request.Context()
	view := confirmView{Code: code(c.PostForm("code"))}
	bearer, err := c.Cookie(confirmCookie)
	if err != nil {
		a.pageError(c, view, fault.CodeInvalid.New("Sign in first."))
		return
	}
	p, err := a.auth.AuthenticateFresh(ctx, auth.AudienceAdmin, bearer)
	if err != nil {
		a.pageError(c, view, err)
		return
	}
	p.Via = "step-up page"
	if c.PostForm("answer") == "deny" {
		err = a.auth.DenyStepUp(ctx, p, view.Code)
		view.Done = "Denied. Nothing will be done. If you did not ask for this, change your password and tell the security officer."
	} else {
		err = a.auth.ConfirmStepUp(ctx, p, view.Code, auth.Proof{OTP: c.PostForm("otp")})
		view.Done = "Confirmed. The program that asked goes on by itself; you can close this page."
	}
	if err != nil {
		view.Done, view.Error = "", sentence(err)
		a.showPending(c, p, view)
		return
	}
	a.endConfirm(ctx, c, p)
	a.page(c, http.StatusOK, view)
}

// endConfirm ends the session that existed for this page alone.
func (a *API) endConfirm(ctx context.Context, c *gin.Context, p auth.Principal) {
	http.SetCookie(c.Writer, &http.Cookie{Name: confirmCookie, Path: confirmPath, HttpOnly: true, Secure: true,
		SameSite: http.SameSiteStrictMode, MaxAge: -1})
	if err := a.auth.Logout(ctx, p); err != nil {
		a.log.WarnContext(ctx, "the session of the step-up page could not be ended", "request_id", requestID(ctx), "error", err)
	}
}

// sentence is what a person reads of an error; what is not a fault stays inside.
func sentence(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Detail
	}
	return "Something went wrong on the server. Try again."
}

func (a *API) pageError(c *gin.Context, view confirmView, err error) {
	p := problemOf(c.Request.Context(), a.log, err)
	for name, values := range p.headers {
		c.Writer.Header()[name] = values
	}
	c.Writer.Header().Del("WWW-Authenticate") // the browser would ask for a password of its own
	view.Error = p.Detail
	a.page(c, p.Status, view)
}

func (a *API) page(c *gin.Context, status int, view confirmView) {
	view.CSS = template.CSS(confirmCSS)
	var b bytes.Buffer
	if err := confirmPage.Execute(&b, view); err != nil {
		a.fail(c, err)
		return
	}
	c.Header("Content-Security-Policy", confirmCSP)
	c.Data(status, "text/html; charset=utf-8", b.Bytes())
}
