// Package webpush sends messages to browsers through their push services (Web Push, RFC 8030, 8291 and 8292), and turns whatever
// those answer into nothing or a fault.
//
// It owns the key with which this Postwright proves who it is (VAPID), and that nothing is sent to an address that is not public. It
// must not know what people are told, or who has which browser.
package webpush

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"github.com/postwright/postwright/internal/email"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/reach"
)

// Vendor is the name of the push services in metrics and faults.
const Vendor = "webpush"

// What the faults of a configuration are about.
const (
	KeySetting     = "Web Push key"
	ContactSetting = "Web Push contact"
)

// Config says who writes to browsers.
type Config struct {
	PrivateKey string // as NewKey makes them
	Contact    string // where push services reach the operator: an address, or an https URL
	Reach      reach.Reach
}

// NewKey makes a private key; Public is what belongs to it.
func NewKey() (private string, err error) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(key.Bytes()), nil
}

// Public is the public key of a private one, in the form that browsers subscribe with.
func Public(private string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(private)
	if err != nil {
		return "", errors.New("the key is not base64url") // the library's words may repeat some of it
	}
	key, err := ecdh.P256().NewPrivateKey(raw)
	if err != nil {
		return "", errors.New("the key is none of P-256")
	}
	return base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), nil
}

// Faults lists everything that is wrong with the configuration. They hold nothing of the key.
func (c Config) Faults() (faults []fault.Field) {
	if _, err := Public(c.PrivateKey); err != nil {
		faults = append(faults, fault.Field{Path: KeySetting, Problem: "must be a private key as `postwright vapid-keys` makes them"})
	}
	if _, ok := c.contact(); !ok {
		faults = append(faults, fault.Field{
			Path: ContactSetting, Problem: "must be an address such as mailto:ops@example.org, or an https URL, where push services reach you",
		})
	}
	return faults
}

// contact is what the library takes: a URL, or an address without mailto:.
func (c Config) contact() (string, bool) {
	if u, err := url.Parse(c.Contact); err == nil && u.Scheme == "https" {
		return c.Contact, u.Host != ""
	}
	address, err := email.Parse(strings.TrimPrefix(c.Contact, "mailto:"))
	if err != nil {
		return "", false
	}
	return address.Envelope(), true
}

// Subscription is how a browser is reached.
type Subscription struct {
	Endpoint     string
	P256dh, Auth string // base64url; Auth is secret
}

// authBytes is how long a browser's secret is.
const authBytes = 16

// words are what is told of an endpoint that is wrong.
var words = reach.Words{
	Needed: "the endpoint of the browser's PushSubscription", Example: "https://push.example.org/1", AllowHTTP: "--webpush-allow-private",
	AllowPrivate: "--webpush-allow-private",
}

// Faults lists everything that is wrong with a subscription whose push service may be somewhere. They hold nothing of its keys.
func (s Subscription) Faults(where reach.Reach) (faults []fault.Field) {
	for _, problem := range where.Problems(s.Endpoint, words) {
		faults = append(faults, fault.Field{Path: "endpoint", Problem: problem})
	}
	if key, err := decode(s.P256dh); err != nil || !onCurve(key) {
		faults = append(faults, fault.Field{
			Path: "keys.p256dh", Problem: "must be the browser's public key, a point on P-256 in base64url: send keys of its PushSubscription's toJSON()",
		})
	}
	if secret, err := decode(s.Auth); err != nil || len(secret) != authBytes {
		faults = append(faults, fault.Field{
			Path: "keys.auth", Problem: "must be the browser's secret, 16 bytes in base64url: send keys of its PushSubscription's toJSON()",
		})
	}
	return faults
}

// decode reads base64url with the padding that some browsers add, or without. Line breaks, which Go's would pass over, are wrong.
func decode(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("the text has line breaks")
	}
	return base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
}

func onCurve(key []byte) bool {
	_, err := ecdh.P256().NewPublicKey(key) // takes uncompressed points alone
	return err == nil
}
