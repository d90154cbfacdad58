//! Files for `vllm run-batch`: the same lines, answered on a machine of one's own.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use super::super::error::io;
use super::super::job::Job;
use super::super::round::Standing;
use super::super::settings::without_keys;
use super::super::{Money, Prices, TeacherError, files};
use super::output::Reading;
use super::{BatchSettings, Read};

/// Writes what is open into one file for `vllm run-batch -i FILE -o OUTPUT`; gives the number of lines. The budget says
/// nothing here: nobody else is paid.
///
/// # Errors
/// [`TeacherError::Io`].
pub fn write_run_batch(job: &Job<'_>, settings: &BatchSettings, path: &Path) -> Result<usize, TeacherError> {
    let open = Standing::of(job.plan, job.state)?.open;
    files::write(path, &mut |file| {
        let mut file = BufWriter::new(file);
        open.iter().try_for_each(|open| file.write_all(open.body.line(&settings.url).as_bytes()))?;
        file.flush()
    })?;
    Ok(open.len())
}

/// Keeps the answers in a file that `vllm run-batch` wrote. What has to be asked again is open afterwards: write the
/// next file, until nothing is open.
///
/// # Errors
/// [`TeacherError::Io`], and [`TeacherError::Refusing`] where every line is refused.
pub fn read_run_batch(job: &Job<'_>, path: &Path) -> Result<Read, TeacherError> {
    let open = Standing::of(job.plan, job.state)?.open;
    let keys = open.iter().map(|open| open.body.key);
    let hidden = |text: &str| without_keys(text);
    let mut reading = Reading::new(job.state, Prices::default(), Money::ZERO, keys, &hidden);
    let file = File::open(path).map_err(io("read", path))?;
    reading.file(BufReader::new(file))?.map_err(io("read", path))?;
    reading.keep()?;
    let (read, faults) = (reading.read, std::mem::take(&mut reading.faults));
    if let Some((_, fault)) = faults.first().filter(|_| read.answered == 0 && read.missing == 0) {
        let url = path.display().to_string();
        let (status, said) = (fault.status, fault.said.clone());
        return Err(TeacherError::Refusing { url, status, said, kept: job.kept() });
    }
    for (key, fault) in faults {
        job.state.note_fault(key, fault)?;
    }
    Ok(read)
}
