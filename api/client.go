package api

import (
	"context"

	"github.com/gin-gonic/gin"
)

// client is who is at the other end, as far as the connection tells.
type client struct {
	remote string
	agent  string
	via    string
}

type clientKey struct{}

func clientOf(ctx context.Context) client {
	c, _ := ctx.Value(clientKey{}).(client)
	return c
}

func withClient(c *gin.Context) context.Context {
	return context.WithValue(c.Request.Context(), clientKey{},
		client{remote: c.ClientIP(), agent: c.Request.UserAgent(), via: via(c.Request)})
}
