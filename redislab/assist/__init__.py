"""What helps a person who types commands, whatever they type into.

    knowledge   the commands that a place has
    finder      names that exist there
    offers      what may be typed next
    remarks     what is said after a reply
    clock       the time that the data sees, told and moved

The shell and notebooks share it; it knows neither.
"""
