package sandbox

import (
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// code is a consent that waits to be turned into a token.
type code struct {
	memberID, redirectURI string
	clientID              string
	scopes                []string // that were asked for; those of the member where no apps are set up
	expires               time.Time
}

// refuser is the login_hint of a member who refuses whatever they are asked.
const refuser = "denied"

// authorize is LinkedIn's consent page, where the member named by login_hint, or the only one there is, consents at once.
// Whatever scopes are asked for, those of the member are granted; unless apps are set up: see Options.Apps.
func (s *Sandbox) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	target, wrong := s.consentTarget(query)
	if len(wrong) > 0 { // shown here: LinkedIn sends nobody back to where it does not trust
		http.Error(w, strings.Join(wrong, "\n"), http.StatusBadRequest)
		return
	}
	if query.Get("login_hint") == refuser {
		sendBack(w, r, target, url.Values{"error": {"user_cancelled_authorize"}, "error_description": {"The user cancelled the authorization"}})
		return
	}
	asked := strings.Fields(query.Get("scope"))
	if app, apps := s.appOf(query.Get("client_id")); apps {
		for _, scope := range asked {
			if !slices.Contains(app.Scopes, scope) {
				sendBack(w, r, target, url.Values{"error": {"unauthorized_scope_error"},
					"error_description": {"Scope " + strconv.Quote(scope) + " is not authorized for your application"}})
				return
			}
		}
	} else {
		asked = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	memberID := query.Get("login_hint")
	if memberID == "" && len(s.members) == 1 {
		for id := range s.members {
			memberID = id
		}
	}
	if _, there := s.members[memberID]; !there {
		http.Error(w, "login_hint must be the id of a member, or "+refuser, http.StatusBadRequest)
		return
	}
	if len(s.codes) >= maxEntries {
		now := s.opts.Clock()
		maps.DeleteFunc(s.codes, func(_ string, c code) bool { return now.After(c.expires) })
	}
	if len(s.codes) >= maxEntries {
		http.Error(w, "the sandbox keeps no more than 100,000 codes: exchange some, or wait until they expire", http.StatusServiceUnavailable)
		return
	}
	fresh := randomID()
	s.codes[fresh] = code{
		memberID:    memberID,
		redirectURI: query.Get("redirect_uri"),
		clientID:    query.Get("client_id"),
		scopes:      asked,
		expires:     s.opts.Clock().Add(codeLife),
	}
	sendBack(w, r, target, url.Values{"code": {fresh}})
}

// consentTarget says where a request for consent wants the browser back, or lists all that is wrong with it.
func (s *Sandbox) consentTarget(query url.Values) (target *url.URL, wrong []string) {
	if query.Get("response_type") != "code" {
		wrong = append(wrong, "response_type must be code")
	}
	id := query.Get("client_id")
	app, apps := s.appOf(id)
	if id == "" || (s.opts.ClientID != "" && id != s.opts.ClientID) || (apps && app.ClientID == "") {
		wrong = append(wrong, "client_id must be the app's")
	}
	if strings.TrimSpace(query.Get("scope")) == "" {
		wrong = append(wrong, "scope must name what is asked for, separated by spaces")
	}
	target, err := url.Parse(query.Get("redirect_uri"))
	switch {
	case err != nil || target.Host == "" || strings.Contains(query.Get("redirect_uri"), "#"):
		wrong = append(wrong, "redirect_uri must be absolute and have no fragment")
	case target.Scheme != "https" && (target.Scheme != "http" || !loopback(target.Hostname())):
		wrong = append(wrong, "redirect_uri must be https, or http on this machine")
	}
	return target, wrong
}

func loopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// sendBack sends the browser back to whoever asked for consent, with the state that they gave.
func sendBack(w http.ResponseWriter, r *http.Request, target *url.URL, with url.Values) {
	back := target.Query()
	maps.Copy(back, with)
	if asked := r.URL.Query(); asked.Has("state") {
		back.Set("state", asked.Get("state"))
	}
	target.RawQuery = back.Encode()
	http.Redirect(w, r, target.String(), http.StatusFound) //nolint:gosec // sending the browser back to whoever asked is what a consent page does
}
