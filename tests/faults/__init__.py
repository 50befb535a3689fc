"""`make test-faults`: what survives when things are killed, filled up, cut off or made to wait.

Writers note what was acknowledged (tests.faults.writers); afterwards the database is asked, by its
own driver, whether all of it is there (tests.faults.audit).
"""
