"""What helps a person who types commands, whatever they type into: a terminal or a notebook.

knowledge   the commands that a place has
finder      names that exist there
offers      what may be typed next
remarks     what is said after a reply
"""
