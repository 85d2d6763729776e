"""A lab's data kept between runs: one file that grows by what each command changed.

    place     where labs lie, and what they may be called
    lock      one writer a lab, and who it is
    claim     taking hold of a lab before its data is wanted
    header    what a file begins with
    disk      the calls to the operating system, in one class that tests can break
    log       the file: frames with checksums; writing, reading, cutting a damaged tail
    packing   strings and numbers ↔ bytes; reading is total
    values    a value of any type ↔ bytes, or what changed in it since before
    records   what became of one key ↔ bytes; several make a frame
    changes   what changed between two states of a sequence or a mapping
    streams   the part of `values` that is about streams
    image     records applied one after the other, away from the lab
    keeper    puts them together for one lab: loads, writes each unit before it is answered, compacts
    export    the data as commands that any Redis loads

Nothing behind `header` is loaded before data is wanted. What is written where, and when: docs/labs.md.
"""
