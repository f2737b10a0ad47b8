#!/bin/bash
# Workers as an array of Slurm jobs, each with a GPU: sbatch recipes/slurm.sh
# The sweep itself runs on the login node: npx wgrad sweep plan.json --queue --jobs 0
#SBATCH --job-name=wgrad-worker
#SBATCH --array=1-8
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=4
#SBATCH --mem=16G
#SBATCH --time=12:00:00
#SBATCH --signal=B:TERM@60
#SBATCH --requeue
set -euo pipefail

# A file that only you can read: export WGRAD_QUEUE=rediss://user:password@host:6380
source "$HOME/.wgrad-queue"

# Slurm sends TERM a minute before the time is over: the worker hands in its state, and another one continues.
trap 'kill -TERM "$worker"; wait "$worker"' TERM
npx wgrad worker --queue --adapter hardware --checkpoints "$HOME/wgrad-states" --data "$HOME/datasets" \
  --name "$SLURM_JOB_ID-$SLURM_ARRAY_TASK_ID" --idle 10 &
worker=$!
wait "$worker"
