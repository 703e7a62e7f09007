"""What works on the queue of jobs: the dispatcher, a runner process for each job, folders that are watched."""
