// Package notice decides what one receiver is told of alerts, and when it is not told:
// while another alert of the group stands for it, a silence says so, or an open alert of
// another rule does. It is a value of what it has heard, of the silences and of the time
// it is asked for; it sends nothing.
package notice
