// What all three processes share.
import { Redis } from 'ioredis';

export const env = process.env;
// Workers need their blocking commands to wait without end.
export const connection = new Redis(env.REDIS_URL, { maxRetriesPerRequest: null });
// Tried again like Celery's; what is done leaves Redis at once, for the record is PostgreSQL.
export const jobs = { attempts: 8, backoff: { type: 'exponential', delay: 1000 }, removeOnComplete: true };
