package delivery

import "time"

// output collects the effects of a step, and knows which timers run.
type output struct {
	effects []Effect
	armed   map[string]bool
}

func (o *output) emit(e Effect) { o.effects = append(o.effects, e) }

// take returns the effects of the step.
func (o *output) take() []Effect {
	effects := o.effects
	o.effects = nil
	return effects
}

func (o *output) set(key string, after time.Duration) {
	o.armed[key] = true
	o.emit(SetTimer{key, after})
}

func (o *output) clear(key string) {
	if o.fired(key) {
		o.emit(ClearTimer{key})
	}
}

// fired tells whether the timer was running, which it then is no more.
func (o *output) fired(key string) bool {
	running := o.armed[key]
	delete(o.armed, key)
	return running
}
