// Package notifyapi is the adapter over the notification API: one function per operation, each of which turns every
// possible answer into a value or a fault. It must not know what people are told.
package notifyapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/postwright/postwright/gen/notification"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
	"github.com/postwright/postwright/internal/vendors/endpoint"
)

// Vendor is the notification API's name in metrics and faults.
const Vendor = "notification"

// TokenSetting is what the faults of a token are about.
const TokenSetting = "notification token"

// Config says how to reach the notification API.
type Config struct {
	URL   string
	Token string // sent as bearer; "" for a service that wants none
}

// Faults lists everything that is wrong with the configuration.
func (c Config) Faults() []fault.Field {
	return slices.Concat(endpoint.CheckURL("notification URL", c.URL), endpoint.CheckToken(TokenSetting, c.Token))
}

// Client calls the notification API. It is safe for concurrent use.
type Client struct {
	api    *notification.Client
	answer answer.Reader
}

// New returns a Client on an HTTP client of the seam. A faulty configuration is an Invalid fault.
func New(cfg Config, seam *http.Client, now answer.Clock) (*Client, error) {
	if err := fault.Fields(cfg.Faults()...); err != nil {
		return nil, err
	}
	api, err := notification.NewClient(cfg.URL, notification.WithHTTPClient(seam), notification.WithRequestEditorFn(endpoint.Bearer(cfg.Token)))
	if err != nil {
		return nil, fmt.Errorf("make the notification client: %w", err)
	}
	return &Client{api: api, answer: answer.Reader{Vendor: Vendor, Refine: answer.RefineErrorObject, Now: now}}, nil
}

// SendEmail sends an e-mail. Delivered is what the vendor answers with status 200, whatever the body; every other answer
// is a fault. A fault with Doubt set means that the e-mail may have gone out.
func (c *Client) SendEmail(ctx context.Context, to, subject, content string) (delivered bool, err error) {
	const operation = "sendEmail"
	resp, err := c.api.SendEmail(outbound.WithOperation(ctx, operation), notification.SendEmailJSONRequestBody{
		To: to, Subject: subject, Content: content,
	})
	_, err = c.answer.Expect(operation, http.StatusOK, resp, err)
	return err == nil, err
}

// SendPush sends a push message. Delivered is what the vendor answers with status 200, whatever the body; every other
// answer is a fault. A fault with Doubt set means that the message may have gone out.
func (c *Client) SendPush(ctx context.Context, userID, title, message string) (delivered bool, err error) {
	const operation = "sendPush"
	resp, err := c.api.SendPush(outbound.WithOperation(ctx, operation), notification.SendPushJSONRequestBody{
		UserId: userID, Title: title, Message: message,
	})
	_, err = c.answer.Expect(operation, http.StatusOK, resp, err)
	return err == nil, err
}
