package conformance

import (
	"fmt"
	"slices"
)

// check finds what is wrong with a case without running it, so that a slip of the pen is not taken for a fault of an SDK.
func (c *Case) check() error {
	if c.Name == "" || c.Why == "" {
		return fmt.Errorf("a case has a name and a reason")
	}
	if (c.Server || c.Relay || len(c.Join) > 0) && !c.Alone {
		return fmt.Errorf("who has a server, a relay or options of its own is alone")
	}
	points := make(map[Role][]string)
	for _, r := range []Role{A, B} {
		tasks := make(map[string]bool)
		for i, s := range c.Script(r) {
			if err := s.check(tasks); err != nil {
				return fmt.Errorf("%s, step %d (%s): %w", r, i+1, s.Do, err)
			}
			switch {
			case s.Point != "":
				points[r] = append(points[r], s.Point)
			case s.Do == "server" && s.Act != "break" && !c.Server:
				return fmt.Errorf("%s, step %d: the case has no server of its own", r, i+1)
			case s.Act == "break" && !c.Relay:
				return fmt.Errorf("%s, step %d: the case has no relay of its own", r, i+1)
			case (s.Do == "cut" || s.Do == "hangup") && !c.Alone:
				return fmt.Errorf("%s, step %d: who ends connections is alone", r, i+1)
			}
		}
		for name, open := range tasks {
			if open {
				return fmt.Errorf("%s: nobody waits for %q", r, name)
			}
		}
	}
	if !slices.Equal(points[A], points[B]) {
		return fmt.Errorf("the roles do not meet at the same points: %q and %q", points[A], points[B])
	}
	return nil
}

// check checks a step. tasks are the steps in the background before it, true for those that are not waited for yet.
func (s *Step) check(tasks map[string]bool) error {
	needs := map[string]string{
		"open": "channel", "accept": "channel", "send": "channel", "recv": "channel", "close": "channel", "closeWrite": "channel",
		"closed": "channel", "stats": "channel", "ping": "channel", "pong": "channel", "knock": "channel", "echo": "channel",
		"stalled": "task", "await": "task", "cancel": "task", "request": "name", "serve": "name", "meet": "point", "server": "act",
		"cut": "", "hangup": "", "peer": "", "say": "", "hear": "", "update": "", "sees": "", "connect": "name", "join": "name",
	}
	need, known := needs[s.Do]
	has := map[string]string{"": "-", "channel": s.Channel, "task": s.Task, "name": s.Name, "point": s.Point, "act": s.Act}
	switch {
	case !known:
		return fmt.Errorf("there is no such step")
	case has[need] == "":
		return fmt.Errorf("it has no %s", need)
	case s.To != "" && s.To != toRoom && s.To != toPeer:
		return fmt.Errorf("nothing can be said to %q", s.To)
	case s.Kind != "" && s.Kind != "bytes" && s.Kind != "text" && s.Kind != "both":
		return fmt.Errorf("there is no kind %q", s.Kind)
	case s.Act != "" && s.Act != "kill" && s.Act != "start" && s.Act != "break":
		return fmt.Errorf("there is no act %q", s.Act)
	}
	if s.Background != "" {
		if _, taken := tasks[s.Background]; taken {
			return fmt.Errorf("there is a %q already", s.Background)
		}
		tasks[s.Background] = true
	}
	if s.Task != "" {
		if !tasks[s.Task] {
			return fmt.Errorf("nothing that is called %q runs in the background", s.Task)
		}
		tasks[s.Task] = s.Do != "await"
	}
	return nil
}
