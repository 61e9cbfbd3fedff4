package siege

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
)

const (
	strangers = 20
	// ownMails is how many e-mails an owner sends to themselves: far more than anybody needs on a day.
	ownMails     = 600
	ownMailsMost = 500
	mailers      = 8
)

// relay lets an owner send to strangers, smuggle a header into a subject, and send to themselves without end.
func relay(ctx context.Context, s *stage) error {
	client := &http.Client{Transport: from(attackersAddress)}
	greedy := s.people.greedy
	send := func(procedure string, message map[string]string) error {
		body, err := json.Marshal(message)
		if err != nil {
			return err
		}
		_, err = s.post(ctx, client, pathNotifications+procedure, greedy.Key, body)
		return err
	}
	mail := func(to, subject string) error {
		return send("SendEmail", map[string]string{"to": to, "subject": subject, "content": "Buy now"})
	}
	if err := mail(greedy.Email, "A note to myself"); err != nil {
		return err
	}
	wanted := len(s.vendors.Notifications())
	for i := range strangers {
		if err := mail(fmt.Sprintf("stranger%d@example.net", i), "Hello"); err != nil {
			return err
		}
	}
	for _, to := range []string{s.people.quiet.Email, strings.ToUpper(s.people.quiet.Email), greedy.Email + "," + s.people.quiet.Email,
		strings.Replace(greedy.Email, "@", "@mail.", 1), "greedy@example.org.example.net"} {
		if err := mail(to, "Hello"); err != nil {
			return err
		}
	}
	for _, subject := range []string{"Hello\r\nBcc: stranger@example.net", "Hello\nBcc: stranger@example.net", "Hello\rBcc: stranger@example.net",
		"Hello\u2028Bcc: x", "Hello\x00"} {
		if err := mail(greedy.Email, subject); err != nil {
			return err
		}
	}
	for _, to := range []string{s.people.quiet.ID, strings.ToUpper(s.people.quiet.ID), "somebody"} {
		if err := send("SendPush", map[string]string{"userId": to, "title": "Hello", "message": "Buy now"}); err != nil {
			return err
		}
	}
	unwanted, note := 0.0, ""
	for _, n := range s.vendors.Notifications() {
		// What a publication tells its owner is no relaying.
		if n.Content != "Buy now" {
			continue
		}
		own := n.Recipient == greedy.Email || n.Recipient == greedy.ID
		if !own || strings.ContainsFunc(n.Subject, func(r rune) bool { return r < ' ' || r == '\u2028' }) {
			unwanted++
			note = fmt.Sprintf("%s to %q: %q", n.Channel, n.Recipient, n.Subject)
		}
	}
	s.figure("messages to others, and smuggled headers", unwanted, 0, "", note)
	if wanted == 0 {
		s.figure("messages to oneself that did not arrive", 1, 0, "", "the first one")
	}
	var failed atomic.Value
	bounded(ctx, mailers, ownMails, func(ctx context.Context, i int) {
		defer wait(ctx, s.Size.Flood*mailers/ownMails)
		if err := mail(greedy.Email, fmt.Sprintf("Note %d to myself", i)); err != nil {
			failed.Store(err)
		}
	})
	if err, is := failed.Load().(error); is {
		return err
	}
	own := 0.0
	for _, n := range s.vendors.Notifications() {
		if n.Recipient == greedy.Email && n.Content == "Buy now" {
			own++
		}
	}
	s.life.persist(ctx, 0)
	s.reach("messages sent", int(s.sent.Load()), ownMails)
	s.figure("e-mails to oneself", own, ownMailsMost, "", fmt.Sprintf("of %d", ownMails))
	return nil
}
