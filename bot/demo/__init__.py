"""A demonstration without the internet: bundled feeds, and a loopback server that shows them as time passes.

The feeds were written for the demo. Their facts are those of one case (a report that Meta may sell
surplus AI compute lifted Meta and sent chip shares down); everything else in them is invented, and
each feed's title and description say so.
"""
