// Package notifyapi is the adapter over the notification API: one function per operation, each of which turns every
// possible answer into a value or a fault. It must not know what people are told.
package notifyapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/postwright/postwright/gen/notification"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
)

// Vendor is the notification API's name in metrics and faults.
const Vendor = "notification"

// Config says how to reach the notification API.
type Config struct {
	URL   string
	Token string // sent as bearer; "" for a service that wants none
}

// Client calls the notification API. It is safe for concurrent use.
type Client struct {
	api    *notification.Client
	answer answer.Reader
}

// New returns a Client on an HTTP client of the seam.
func New(cfg Config, seam *http.Client, now answer.Clock) (*Client, error) {
	api, err := notification.NewClient(cfg.URL, notification.WithHTTPClient(seam), notification.WithRequestEditorFn(answer.Bearer(cfg.Token)))
	if err != nil {
		return nil, fmt.Errorf("make the notification client: %w", err)
	}
	return &Client{api: api, answer: answer.Reader{Vendor: Vendor, Refine: refine, Now: now}}, nil
}

// refine reads the vendor's code and words.
func refine(f *fault.Error, _ http.Header, body []byte) {
	var e notification.Error
	if err := json.Unmarshal(body, &e); err != nil || e.Error == nil {
		f.Answer.Message = string(body) // not the form agreed on: kept for a person to read
		return
	}
	if e.Error.Code != nil {
		f.Answer.Code = *e.Error.Code
	}
	if e.Error.Message != nil {
		f.Answer.Message = *e.Error.Message
	}
}

// SendEmail sends an e-mail. Delivered is what the vendor answers with status 200; every other answer is a fault.
func (c *Client) SendEmail(ctx context.Context, to, subject, content string) (delivered bool, err error) {
	const operation = "sendEmail"
	resp, err := c.api.SendEmail(outbound.WithOperation(ctx, operation), notification.SendEmailJSONRequestBody{
		To: to, Subject: subject, Content: content,
	})
	_, err = c.answer.Expect(operation, http.StatusOK, resp, err)
	return err == nil, err
}

// SendPush sends a push message. Delivered is what the vendor answers with status 200; every other answer is a fault.
func (c *Client) SendPush(ctx context.Context, userID, title, message string) (delivered bool, err error) {
	const operation = "sendPush"
	resp, err := c.api.SendPush(outbound.WithOperation(ctx, operation), notification.SendPushJSONRequestBody{
		UserId: userID, Title: title, Message: message,
	})
	_, err = c.answer.Expect(operation, http.StatusOK, resp, err)
	return err == nil, err
}
