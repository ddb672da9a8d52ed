"""From a match to an alert: who is exposed, who hears of it, and every reason why not."""
