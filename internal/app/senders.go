package app

import (
	"cmp"
	"log/slog"
	"slices"
	"strings"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/notify"
	"github.com/postwright/postwright/internal/status"
	"github.com/postwright/postwright/internal/vendors/notifyapi"
	"github.com/postwright/postwright/internal/vendors/smtp"
	"github.com/postwright/postwright/internal/vendors/webpush"
)

// emailSenders and pushSenders are who may send what, the first that is set up by default.
var (
	emailSenders = []string{notify.SMTP, notify.API, notify.Log}
	pushSenders  = []string{notify.WebPush, notify.API, notify.Log}
)

// emailSender and pushSender are who sends.
func (c Config) emailSender() string { return cmp.Or(c.Notification.Email, c.firstSetUp(emailSenders)) }
func (c Config) pushSender() string  { return cmp.Or(c.Notification.Push, c.firstSetUp(pushSenders)) }

func (c Config) firstSetUp(senders []string) string {
	return senders[slices.IndexFunc(senders, func(sender string) bool {
		switch sender {
		case notify.SMTP:
			return c.SMTP.URL != ""
		case notify.API:
			return c.Notification.URL != ""
		case notify.WebPush:
			return c.WebPush.PrivateKey != ""
		}
		return true
	})]
}

// channelsOf are the channels whose messages somebody sends.
func (c Config) channelsOf(sender string) (channels []string) {
	if c.emailSender() == sender {
		channels = append(channels, notify.Email)
	}
	if c.pushSender() == sender {
		channels = append(channels, notify.Push)
	}
	return channels
}

func (c Config) smtp() smtp.Config {
	return smtp.Config{URL: c.SMTP.URL.Reveal(), From: c.SMTP.From}
}

// senders objects to who can't send as it is set up.
func (v *validation) senders(c Config) {
	for flag, chosen := range map[string]string{"--notification-email": c.Notification.Email, "--notification-push": c.Notification.Push} {
		senders := emailSenders
		if flag == "--notification-push" {
			senders = pushSenders
		}
		switch {
		case chosen != "" && !slices.Contains(senders, chosen):
			v.wrong(flag, "must be one of %s", strings.Join(senders, ", "))
		case chosen == notify.API && c.Notification.URL == "":
			v.wrong("--notification-url", "is missing: %s is %s", flag, notify.API)
		case chosen == notify.SMTP && c.SMTP.URL == "":
			v.wrong("--smtp-url", "is missing: %s is %s", flag, notify.SMTP)
		case chosen == notify.WebPush && c.WebPush.PrivateKey == "":
			v.wrong("--webpush-private-key", "is missing: %s is %s", flag, notify.WebPush)
		}
	}
	for _, f := range c.Notification.client().Faults() {
		if c.Notification.URL != "" || f.Path == notifyapi.TokenSetting { // without an address there is none to object to
			v.vendor([]fault.Field{f})
		}
	}
	for _, f := range c.smtp().Faults() {
		if c.SMTP.URL != "" || f.Path == smtp.FromSetting && c.SMTP.From != "" {
			v.vendor([]fault.Field{f})
		}
	}
}

// webPush objects to what browsers can't be written to with.
func (v *validation) webPush(c Config) {
	for _, f := range c.WebPush.client().Faults() {
		if c.WebPush.PrivateKey != "" || f.Path == webpush.ContactSetting && c.WebPush.Contact != "" {
			v.vendor([]fault.Field{f})
		}
	}
	if c.pushSender() == notify.WebPush && c.LinkedIn.TokenKeyset == "" {
		v.wrong("--linkedin-token-keyset", "is missing: it seals the browsers' secrets; make one with `postwright account keyset`")
	}
}

// reachSenders makes the clients of those who are set up to send.
func (a *App) reachSenders() (err error) {
	if a.cfg.Notification.URL != "" {
		if a.notifyAPI, err = notifyapi.New(a.cfg.Notification.client(), a.seam.Client(notifyapi.Vendor), Now); err != nil {
			return err
		}
	}
	if a.cfg.SMTP.URL != "" {
		if a.mailServer, err = smtp.New(a.cfg.smtp(), a.seam, Now); err != nil {
			return err
		}
	}
	if a.cfg.pushSender() == notify.WebPush {
		a.webPush, err = webpush.New(a.cfg.WebPush.client(), a.seam, Now)
	}
	return err
}

// emailRoute and pushRoute are how messages leave.
func (a *App) emailRoute() notify.Route {
	switch sender := a.cfg.emailSender(); sender {
	case notify.SMTP:
		return notify.Route{Sender: sender, Channel: notify.MailChannel{Server: a.mailServer}}
	case notify.API:
		return notify.Route{Sender: sender, Channel: notify.EmailChannel{Vendor: a.notifyAPI}}
	}
	return logRoute(notify.Email, a.log)
}

func (a *App) pushRoute() notify.Route {
	switch sender := a.cfg.pushSender(); sender {
	case notify.WebPush:
		return notify.Route{Sender: sender, Channel: a.Browsers, Reaches: a.Browsers.Any}
	case notify.API:
		return notify.Route{Sender: sender, Channel: notify.PushChannel{Vendor: a.notifyAPI}}
	}
	return logRoute(notify.Push, a.log)
}

func logRoute(channel string, log *slog.Logger) notify.Route {
	return notify.Route{Sender: notify.Log, Channel: notify.LogChannel{Log: log, Name: channel}}
}

// senderCheckers check those who send messages.
func (a *App) senderCheckers() (checkers []status.Checker) {
	if len(a.cfg.channelsOf(notify.API)) > 0 {
		checkers = append(checkers, status.Notification(a.cfg.Notification.URL))
	}
	if len(a.cfg.channelsOf(notify.SMTP)) > 0 {
		checkers = append(checkers, status.MailServer(a.mailServer))
	}
	if a.webPush != nil {
		checkers = append(checkers, status.WebPush(a.webPush.PublicKey()))
	}
	if logged := a.cfg.channelsOf(notify.Log); len(logged) > 0 {
		checkers = append(checkers, status.LoggedMessages(logged))
	}
	return checkers
}
